/**
 * Translations for scripts. The English text is the key; placeholders stand in braces: `_("{count} people", { count: 3 })`.
 *
 * The catalogue of the page's language is a small JSON file named in `<body data-i18n>`; English needs none. Until
 * it has come, and for a message that has no translation, the English text is shown.
 */

export type Values = Record<string, string | number>;

interface Catalogue {
  language: string;
  messages: Record<string, string | string[]>;
}

let catalogue: Catalogue = { language: "en", messages: {} };
let loading: Promise<void> | null = null;

/** The order in which CLDR and gettext both count plural forms. */
const PLURAL_ORDER = ["zero", "one", "two", "few", "many", "other"];

/** Puts values into the braces of a text; a brace without a value stays as it is, so that the fault can be seen. */
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

/** The text in the page's language. */
export function _(message: string, values?: Values): string {
  const found = catalogue.messages[message];
  return fill(typeof found === "string" ? found : message, values);
}

/** The right plural form in the page's language; `{count}` is filled in with `count` unless `values` says otherwise. */
export function ngettext(singular: string, plural: string, count: number, values?: Values): string {
  const forms = catalogue.messages[singular];
  const all = { count, ...values };
  if (!Array.isArray(forms) || forms.length === 0) return fill(count === 1 ? singular : plural, all);
  return fill(forms[Math.min(pluralIndex(catalogue.language, count), forms.length - 1)] ?? plural, all);
}

/** Which of a language's plural forms, in gettext's order, a number takes. */
export function pluralIndex(language: string, count: number): number {
  const rules = new Intl.PluralRules(language);
  const forms = PLURAL_ORDER.filter((form) =>
    (rules.resolvedOptions().pluralCategories as string[]).includes(form),
  );
  return Math.max(0, forms.indexOf(rules.select(count)));
}

/** The page's language as HTML writes it, such as `zh-Hans`. */
export function language(): string {
  return document.documentElement.lang || "en";
}

/**
 * Loads the page's catalogue, once. A file that does not come (a lost line) leaves English and is not an error:
 * the page must work.
 */
export function loadCatalogue(url: string | undefined = document.body.dataset.i18n): Promise<void> {
  if (!url) return Promise.resolve();
  loading ??= fetch(url, { credentials: "same-origin" })
    .then(async (response) => {
      if (response.ok) useCatalogue((await response.json()) as Catalogue);
    })
    .catch(() => undefined);
  return loading;
}

/** Uses a catalogue that is at hand. */
export function useCatalogue(found: Catalogue): void {
  catalogue = found;
}
