import { describe, expect, it } from "vitest";
import { freePlace, type Place } from "./free-place";

describe("a free place on the plan", () => {
  it("is the middle of an empty plan", () => {
    expect(freePlace([])).toEqual({ x: 0.5, y: 0.5 });
  });

  it("is never on another scene, for as many as fit", () => {
    const taken: Place[] = [];
    for (let count = 0; count < 49; count += 1) taken.push(freePlace(taken));
    const places = new Set(taken.map(({ x, y }) => `${x} ${y}`));
    expect(places.size).toBe(49);
    expect(taken.every(({ x, y }) => x > 0 && x < 1 && y > 0 && y < 1)).toBe(true);
  });

  it("is the middle again when the plan is full: nothing is refused", () => {
    const taken = Array.from({ length: 400 }, (_, n) => ({ x: (n % 20) / 19, y: Math.floor(n / 20) / 19 }));
    expect(freePlace(taken)).toEqual({ x: 0.5, y: 0.5 });
  });
});
