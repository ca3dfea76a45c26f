import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parsePo } from "./po.mjs";

const LANGUAGES = ["en", "sv", "zh_Hans"];

/**
 * The messages that the client needs from one .po file: finished ones that static/src refers to.
 *
 * Keys are the English text (with a context: context, U+0004, text); a value is the translation, or the list of
 * plural forms in gettext's order.
 */
export function clientMessages(poText) {
  const messages = {};
  for (const entry of parsePo(poText)) {
    const wanted = entry.references.some((reference) => reference.includes("static/src/"));
    const finished =
      entry.strings.length > 0 && entry.strings.every((text) => text !== "" && text !== undefined);
    if (!entry.id || entry.obsolete || entry.fuzzy || !wanted || !finished) continue;
    const key = entry.context === null ? entry.id : `${entry.context}\u0004${entry.id}`;
    messages[key] = entry.plural === null ? entry.strings[0] : entry.strings;
  }
  return messages;
}

/** Language → JSON text, for the three languages of the interface and every other folder of translations/. */
export async function catalogues(folder) {
  const languages = new Set(LANGUAGES);
  if (existsSync(folder)) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) languages.add(entry.name);
    }
  }
  const found = {};
  for (const language of [...languages].sort()) {
    const file = path.join(folder, language, "LC_MESSAGES", "messages.po");
    const messages = existsSync(file) ? clientMessages(await readFile(file, "utf8")) : {};
    const sorted = Object.fromEntries(Object.entries(messages).sort(([a], [b]) => (a < b ? -1 : 1)));
    found[language] = `${JSON.stringify({ language: language.replace("_", "-"), messages: sorted })}\n`;
  }
  return found;
}
