/**
 * A small reader of gettext .po files, enough for what Babel writes.
 *
 * @returns list of {context, id, plural, strings, references, fuzzy, obsolete}; the header has the id "".
 */
export function parsePo(text) {
  const entries = [];
  let entry = blank();
  let target = null;

  const finish = () => {
    if (entry.id !== null) entries.push(entry);
    entry = blank();
    target = null;
  };

  for (const raw of text.split(/\r?\n/)) {
    let line = raw.trim();
    if (line === "") {
      finish();
      continue;
    }
    if (line.startsWith("#~")) {
      entry.obsolete = true;
      line = line.slice(2).trim();
    }
    if (line.startsWith("#")) {
      // A comment after the strings belongs to the next entry even without an empty line between them.
      if (entry.strings.length > 0) finish();
      if (line.startsWith("#:")) entry.references.push(...line.slice(2).trim().split(/\s+/));
      if (line.startsWith("#,")) entry.fuzzy ||= /\bfuzzy\b/.test(line);
      continue;
    }
    const keyword = /^(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s*(".*")$/.exec(line);
    if (keyword) {
      const [, name, index, quoted] = keyword;
      if ((name === "msgctxt" || name === "msgid") && entry.strings.length > 0) finish();
      target = [name, Number(index ?? 0)];
      append(entry, target, unquote(quoted));
    } else if (line.startsWith('"') && target) {
      append(entry, target, unquote(line));
    } else if (line !== "") {
      throw new Error(`unreadable line in .po file: ${line}`);
    }
  }
  finish();
  return entries;
}

function blank() {
  return {
    context: null,
    id: null,
    plural: null,
    strings: [],
    references: [],
    fuzzy: false,
    obsolete: false,
  };
}

function append(entry, [name, index], value) {
  if (name === "msgctxt") entry.context = (entry.context ?? "") + value;
  else if (name === "msgid") entry.id = (entry.id ?? "") + value;
  else if (name === "msgid_plural") entry.plural = (entry.plural ?? "") + value;
  else entry.strings[index] = (entry.strings[index] ?? "") + value;
}

const ESCAPES = { n: "\n", t: "\t", r: "\r" };

function unquote(quoted) {
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, letter) => ESCAPES[letter] ?? letter);
}
