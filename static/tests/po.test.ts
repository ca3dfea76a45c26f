import { describe, expect, it } from "vitest";
import { clientMessages } from "../build/catalogues.mjs";
import { parsePo } from "../build/po.mjs";

const PO = `# Comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: static/src/live/room.ts:12 templates/a.html:3
msgid "Join the tour"
msgstr "Gå med i rundturen"

#: static/src/page/copy.ts:4
msgid ""
"A long text, "
"in \\"two\\" lines.\\n"
msgstr ""
"En lång text, "
"på \\"två\\" rader.\\n"

#: static/src/live/room.ts:20
#, python-format, fuzzy
msgid "Guess"
msgstr "Gissning"

#: static/src/live/room.ts:21
msgid "Not yet"
msgstr ""

#: tourserver/pages/views.py:3
msgid "Server only"
msgstr "Bara servern"

#: static/src/live/room.ts:30
msgid "{count} person"
msgid_plural "{count} people"
msgstr[0] "{count} person"
msgstr[1] "{count} personer"

#: static/src/live/room.ts:31
msgctxt "verb"
msgid "Lead"
msgstr "Leda"

#~ msgid "Old"
#~ msgstr "Gammal"
`;

describe("the reader of .po files", () => {
  it("joins lines and undoes escapes", () => {
    const entry = parsePo(PO).find((found) => found.id?.startsWith("A long"));
    expect(entry?.id).toBe('A long text, in "two" lines.\n');
    expect(entry?.strings).toEqual(['En lång text, på "två" rader.\n']);
  });

  it("reads references, flags, plurals, contexts and obsolete entries", () => {
    const entries = parsePo(PO);
    expect(entries.find((found) => found.id === "Join the tour")?.references).toEqual([
      "static/src/live/room.ts:12",
      "templates/a.html:3",
    ]);
    expect(entries.find((found) => found.id === "Guess")?.fuzzy).toBe(true);
    expect(entries.find((found) => found.id === "{count} person")?.plural).toBe("{count} people");
    expect(entries.find((found) => found.id === "Old")?.obsolete).toBe(true);
    expect(entries).toHaveLength(9);
  });

  it("says which line it can't read", () => {
    expect(() => parsePo('msgid "a"\nmsgstr "b"\nnonsense')).toThrow("nonsense");
  });

  it("keeps for the client only finished messages that a script uses", () => {
    expect(clientMessages(PO)).toEqual({
      "Join the tour": "Gå med i rundturen",
      'A long text, in "two" lines.\n': 'En lång text, på "två" rader.\n',
      "{count} person": ["{count} person", "{count} personer"],
      "verb\u0004Lead": "Leda",
    });
  });
});
