import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);

/**
 * One SVG with a <symbol> per icon named in a JSON list, taken from lucide-static (ISC licence).
 *
 * The drawing attributes move to the symbol, so that `<svg><use href="icons.svg#name"></svg>` needs no more than
 * a size and a colour. An icon that does not exist is an error: it would be an empty square in the page.
 */
export function sprite(listFile) {
  const names = JSON.parse(readFileSync(listFile, "utf8"));
  const folder = path.join(path.dirname(require.resolve("lucide-static/package.json")), "icons");
  const symbols = [...new Set(names)].sort().map((name) => {
    let source;
    try {
      source = readFileSync(path.join(folder, `${name}.svg`), "utf8");
    } catch {
      throw new Error(`static/src/icons.json names "${name}", which lucide-static does not have`);
    }
    const inner = source
      .replace(/<!--[\s\S]*?-->/g, "")
      .replace(/<svg[^>]*>/, "")
      .replace(/<\/svg>/, "")
      .replace(/\s*\n\s*/g, "")
      .replace(/ \/>/g, "/>");
    return (
      `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ` +
      `stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}
