import { afterEach, describe, expect, it } from "vitest";
import { _, fill, ngettext, pluralIndex, useCatalogue } from "../src/i18n";

afterEach(() => useCatalogue({ language: "en", messages: {} }));

describe("translations for scripts", () => {
  it("shows the English text when there is no translation", () => {
    expect(_("Join the tour")).toBe("Join the tour");
    expect(ngettext("{count} person", "{count} people", 2)).toBe("2 people");
    expect(ngettext("{count} person", "{count} people", 1)).toBe("1 person");
  });

  it("fills named places and leaves unknown ones to be seen", () => {
    expect(fill("{a} and {b}", { a: 1 })).toBe("1 and {b}");
  });

  it("uses the catalogue's forms by the language's own rule", () => {
    useCatalogue({ language: "sv", messages: { "{count} person": ["{count} person", "{count} personer"] } });
    expect(ngettext("{count} person", "{count} people", 1)).toBe("1 person");
    expect(ngettext("{count} person", "{count} people", 5)).toBe("5 personer");
  });

  it("has one form for Chinese, whatever the number", () => {
    useCatalogue({ language: "zh-Hans", messages: { "{count} person": ["{count} 人"] } });
    expect(ngettext("{count} person", "{count} people", 1)).toBe("1 人");
    expect(ngettext("{count} person", "{count} people", 7)).toBe("7 人");
  });

  it("counts Arabic's six forms in gettext's order", () => {
    expect([0, 1, 2, 3, 11, 100].map((n) => pluralIndex("ar", n))).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
