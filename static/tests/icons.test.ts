import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import names from "../src/icons.json";

/** Every file below a folder with one of the endings. */
function files(folder: string, endings: string[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.includes(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

describe("the icon sprite", () => {
  it("has every icon that a page or script names", () => {
    const missing: string[] = [];
    for (const file of [...files("templates", [".html"]), ...files("static/src", [".ts"])]) {
      for (const [, name] of readFileSync(file, "utf8").matchAll(/\bicon\("([a-z0-9-]+)"\)/g)) {
        if (name && !names.includes(name)) missing.push(`${name} (${file})`);
      }
    }
    expect(missing).toEqual([]);
  });
});
