/** Ready words beside a field: chosen in the asker's language, kept for next time, taken away. */
import { h } from "../dom";
import { _ } from "../i18n";
import { button, setText } from "./dom";
import type { Canned } from "./protocol";

export interface ReadyOwner {
  canned(kind: "reason" | "answer"): readonly Canned[];
  keepWords(kind: "reason" | "answer", lang: string, text: string): void;
  forgetWords(reply: string): void;
}

/** Gettext names of the languages that words can be kept in. */
const NAMES: Record<string, string> = { en: "en", sv: "sv", zh: "zh_Hans" };

/** The gettext name for a BCP 47 tag; English for what we have no words in. */
export function nameOf(lang: string): string {
  return NAMES[lang.toLowerCase().split("-")[0] ?? ""] ?? "en";
}

/** Puts ready words into `field`, in the language of who asked where we have them, else in English. */
export function readyWords(
  owner: ReadyOwner,
  kind: "reason" | "answer",
  lang: string,
  field: HTMLInputElement | HTMLTextAreaElement,
): HTMLElement {
  const name = nameOf(lang);
  const choice = h("select", {
    class: "input",
    "aria-label": _("Ready words"),
    "data-testid": "ready-words",
  });
  const forget = button(
    _("Take away"),
    () => {
      owner.forgetWords(choice.value);
      choice.value = "";
      adjust();
    },
    { icon: "trash-2", look: "button--quiet" },
  );
  const keep = button(
    _("Keep these words"),
    () => {
      const text = field.value.trim();
      if (text === "") return;
      owner.keepWords(kind, name, text);
      setText(keep.querySelector("span") as HTMLElement, _("Kept"));
    },
    { icon: "save", look: "button--quiet" },
  );
  const words = (reply: Canned) => reply.texts[name] ?? reply.texts.en ?? Object.values(reply.texts)[0] ?? "";
  const adjust = () => {
    forget.hidden = !owner.canned(kind).some(({ id, own }) => own && id === choice.value);
  };
  choice.append(h("option", { value: "" }, _("Ready words")));
  for (const reply of owner.canned(kind)) {
    const text = words(reply);
    choice.append(h("option", { value: reply.id }, text.length > 80 ? `${text.slice(0, 78)}…` : text));
  }
  choice.addEventListener("change", () => {
    const reply = owner.canned(kind).find(({ id }) => id === choice.value);
    if (reply) field.value = words(reply);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    adjust();
  });
  adjust();
  return h("div", { class: "ready-words" }, choice, keep, forget);
}
