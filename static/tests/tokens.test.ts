import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const CSS = readFileSync("static/css/tokens.css", "utf8");

/** The custom properties of the block that starts with a selector. */
function block(selector: string): Record<string, string> {
  const from = CSS.indexOf(`${selector} {`);
  const body = CSS.slice(CSS.indexOf("{", from) + 1, CSS.indexOf("}", from));
  return Object.fromEntries(
    [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value]),
  );
}

/** WCAG 2 contrast ratio of two #rrggbb colours. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const channel = (at: number) => {
      const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const light = block(":root");
const dark = block(':root[data-theme="dark"]');

describe("the colours", () => {
  it("are the same in the dark by choice and in the dark by the system", () => {
    expect(block(':root:not([data-theme="light"])')).toEqual(dark);
  });

  for (const [name, scheme] of Object.entries({ light, dark })) {
    const grounds = ["--page", "--surface", "--third"];
    const colour = (token: string) => scheme[token] as string;

    it(`of texts reach 4.5 on every ground in ${name}`, () => {
      for (const token of [
        "--text",
        "--muted",
        "--primary",
        "--link",
        "--live",
        "--warning",
        "--danger",
        "--done",
      ]) {
        for (const ground of grounds) {
          expect(contrast(colour(token), colour(ground)), `${token} on ${ground}`).toBeGreaterThanOrEqual(
            4.5,
          );
        }
      }
      expect(contrast(colour("--on-primary"), colour("--primary"))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colour("--on-primary"), colour("--primary-hover"))).toBeGreaterThanOrEqual(4.5);
    });

    it(`of states reach 4.5 on their own tint in ${name}`, () => {
      for (const [token, tint] of [
        ["--link", "--info-tint"],
        ["--warning", "--warning-tint"],
        ["--danger", "--danger-tint"],
        ["--done", "--done-tint"],
      ] as const) {
        expect(contrast(colour(token), colour(tint)), token).toBeGreaterThanOrEqual(4.5);
        expect(contrast(colour("--text"), colour(tint)), tint).toBeGreaterThanOrEqual(4.5);
      }
    });

    it(`of edges and focus reach 3 on every ground in ${name}`, () => {
      for (const token of ["--edge", "--focus"]) {
        for (const ground of grounds) {
          expect(contrast(colour(token), colour(ground)), `${token} on ${ground}`).toBeGreaterThanOrEqual(3);
        }
      }
    });
  }
});
