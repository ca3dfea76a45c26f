/** Reading and filling forms that the server made: numbers, texts in several languages, errors at their place. */
import { find, findAll, h, icon } from "../../dom";
import { _ } from "../../i18n";
import { LANGUAGES, type Texts } from "./model";

/** The fields of a form by their names, with the prefix that the server gave them. */
export class Fields {
  constructor(
    readonly form: HTMLFormElement,
    private readonly prefix = "",
  ) {}

  get<T extends HTMLElement = HTMLInputElement>(name: string): T | null {
    return find<T>(`[name="${this.prefix}${name}"]`, this.form);
  }

  /** A number as typed, comma or point; null when it is none. */
  number(name: string): number | null {
    const text = this.get(name)?.value.trim().replace(",", ".") ?? "";
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
  }

  text(name: string): string {
    return (this.get(name)?.value ?? "").trim();
  }

  set(name: string, value: string | number | null): void {
    const field = this.get<HTMLInputElement | HTMLSelectElement>(name);
    if (field && field.value !== String(value ?? "")) field.value = String(value ?? "");
  }

  checked(name: string): boolean {
    return this.get(name)?.checked ?? false;
  }

  check(name: string, on: boolean): void {
    const box = this.get(name);
    if (box) box.checked = on;
  }

  /** Which of several round buttons is pressed. */
  choice(name: string): string {
    return find<HTMLInputElement>(`[name="${this.prefix}${name}"]:checked`, this.form)?.value ?? "";
  }

  choose(name: string, value: string): void {
    for (const box of findAll<HTMLInputElement>(`[name="${this.prefix}${name}"]`, this.form))
      box.checked = box.value === value;
  }

  texts(name: string): Texts {
    const found: Texts = {};
    for (const lang of LANGUAGES) {
      const value = this.text(`${name}-${lang}`);
      if (value) found[lang] = value;
    }
    return found;
  }

  setTexts(name: string, texts: Texts): void {
    for (const lang of LANGUAGES) this.set(`${name}-${lang}`, texts[lang] ?? "");
    this.markMissing(name);
  }

  /** "missing" stands beside every language without a text, as the server marks them. */
  markMissing(name: string): void {
    for (const lang of LANGUAGES) {
      const field = this.get(`${name}-${lang}`);
      const label = field?.id ? find(`label[for="${field.id}"]`, this.form) : null;
      if (!field || !label) continue;
      const chip = find(".chip", label);
      if (field.value.trim()) chip?.remove();
      else if (!chip)
        label.append(
          h("span", { class: "chip chip--quiet" }, icon("circle-dashed"), h("span", {}, _("missing"))),
        );
    }
  }

  /** Says above the form why it was not saved, and marks the field; an empty message takes both away. */
  error(message: string, name: string | null = null): void {
    const area = find("[data-form-errors]", this.form);
    for (const field of findAll("[aria-invalid]", this.form)) field.removeAttribute("aria-invalid");
    if (!area) return;
    area.hidden = message === "";
    area.className = "notice notice--danger";
    area.replaceChildren(icon("circle-alert"), h("div", { "data-notice-text": true }, message));
    if (!message) return;
    const field = name ? (this.get(name) ?? this.get(`${name}-en`)) : null;
    field?.setAttribute("aria-invalid", "true");
    area.focus();
  }
}
