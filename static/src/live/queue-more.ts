/** What the crew can do with a question besides the four likely things: words, labels, order, joining, undo. */
import { h } from "../dom";
import { _ } from "../i18n";
import { button, setText } from "./dom";
import { clockTime, languageName } from "./format";
import type { Question } from "./protocol";
import { nameOf, type ReadyOwner, readyWords } from "./ready-words";

/** Something that was done with a question. */
export interface Step {
  at: number;
  verb: string;
  by: string | null;
}

export interface MoreOwner extends ReadyOwner {
  /** What was done with the question, the oldest first. */
  history(question: string): Promise<Step[]>;
  /** Tells the colleagues that this page works on the question, or no longer. */
  hold(question: string, on: boolean): void;
  /** Sends a command about the question on its newest revision. */
  send(question: Question, command: string, args?: Record<string, unknown>): void;
  /** Those that it can be joined with, the likeliest first. */
  joinable(question: Question): Question[];
  /** The reference of this member of the crew. */
  readonly me: string;
}

export interface More {
  element: HTMLDetailsElement;
  update(question: Question): void;
  /** Opens one of the forms and puts the focus there. */
  open(name: FormName): void;
}

export type FormName = "edit" | "answer" | "label" | "merge" | "translate";

/** Words for a command, for the notice that a colleague was faster. */
export function commandWords(command: string): string {
  const words: Record<string, string> = {
    "question.edit": _("Edit the words"),
    "question.translate": _("Translate"),
    "question.answer": _("Answer in writing"),
    "question.label": _("Labels"),
    "question.merge": _("Join with another question"),
    "question.back": _("Back one step"),
    "question.pin": _("Pin"),
    "question.unpin": _("Unpin"),
    "question.next": _("Next for the speaker"),
    "question.assign": _("Who takes care"),
    "question.priority": _("Priority"),
  };
  return words[command] ?? command;
}

export function more(first: Question, owner: MoreOwner): More {
  let question = first;
  const slot = h("div", { class: "card-q__form" });
  const simple = h("div", { class: "card-q__actions" });
  const original = h("p", { class: "card-q__original", dir: "auto" });
  const element = h(
    "details",
    { class: "card-q__more", "data-testid": "more" },
    h("summary", {}, _("More")),
    original,
    simple,
    slot,
  ) as HTMLDetailsElement;

  const close = () => {
    slot.replaceChildren();
    owner.hold(question.id, false);
  };
  const show = (form: HTMLElement, field: HTMLElement) => {
    element.open = true;
    owner.hold(question.id, true);
    slot.replaceChildren(form);
    field.focus();
  };
  const open = (name: FormName) => {
    if (name === "merge") {
      const field = mergeField(owner.joinable(question));
      const form = formOf(_("Join with this one"), field, close, () => {
        const [into, revision] = field.value.split(" ");
        if (!into) return false;
        owner.send(question, "question.merge", { into, into_revision: Number(revision) });
        return true;
      });
      show(form, field);
      return;
    }
    const field = wordsField(name, question);
    const language = name === "translate" ? languageField(question, field) : null;
    const form = formOf(sendWords(name), field, close, () => {
      const text = field.value.trim();
      if (name === "answer" && text === "") return false;
      if (language) {
        owner.send(question, "question.translate", { language: language.value, text });
        return true;
      }
      if (name === "label") owner.send(question, "question.label", { labels: labelsOf(text) });
      else owner.send(question, `question.${name}`, { text });
      return true;
    });
    if (language) form.prepend(language);
    if (name === "answer" && field instanceof HTMLTextAreaElement)
      field.before(readyWords(owner, "answer", question.lang, field));
    show(form, field);
  };

  const history = async () => {
    const list = h("ol", { class: "card-q__history", "data-testid": "history" });
    const form = h(
      "div",
      { class: "card-q__words" },
      list,
      button(_("Close"), close, { look: "button--quiet" }),
    );
    element.open = true;
    slot.replaceChildren(form);
    try {
      const steps = await owner.history(question.id);
      list.replaceChildren(...steps.map((step) => h("li", {}, stepWords(step))));
    } catch {
      list.replaceChildren(h("li", {}, _("The history can't be read right now. Try again in a moment.")));
    }
  };

  const toggle = (words: () => string, sign: string, id: string, act: () => void) => {
    const made = button("", act, { icon: sign, look: "button--quiet", attributes: { "data-more": id } });
    return { made, draw: () => setText(made.querySelector("span") ?? made, words()) };
  };
  const buttons = [
    toggle(
      () => _("Edit the words"),
      "pencil",
      "edit",
      () => open("edit"),
    ),
    toggle(
      () => _("Translate"),
      "languages",
      "translate",
      () => open("translate"),
    ),
    toggle(
      () => _("Answer in writing"),
      "message-square",
      "answer",
      () => open("answer"),
    ),
    toggle(
      () => _("Labels"),
      "tag",
      "label",
      () => open("label"),
    ),
    toggle(
      () => _("Join with another question"),
      "merge",
      "merge",
      () => open("merge"),
    ),
    toggle(
      () => (question.pinned ? _("Unpin") : _("Pin")),
      "pin",
      "pin",
      () => owner.send(question, question.pinned ? "question.unpin" : "question.pin"),
    ),
    toggle(
      () => (question.next_position ? _("Not next after all") : _("Next for the speaker")),
      "list-plus",
      "next",
      () => owner.send(question, "question.next", { on: !question.next_position }),
    ),
    toggle(
      () => (question.assigned?.id === owner.me ? _("I don't take care of it") : _("I take care of it")),
      "user-check",
      "assign",
      () =>
        owner.send(question, "question.assign", { to: question.assigned?.id === owner.me ? null : owner.me }),
    ),
    toggle(
      () => (question.priority ? _("As the others") : _("First")),
      "arrow-up",
      "priority",
      () => owner.send(question, "question.priority", { priority: question.priority ? 0 : 2 }),
    ),
    toggle(
      () => _("What was done"),
      "history",
      "history",
      () => void history(),
    ),
    toggle(
      () => _("Back one step"),
      "undo-2",
      "back",
      () => owner.send(question, "question.back"),
    ),
    toggle(
      () =>
        question.blocked ? _("Take questions from this person again") : _("Take no more from this person"),
      "user-x",
      "block",
      () => owner.send(question, question.blocked ? "person.unblock" : "person.block"),
    ),
  ];
  simple.append(...buttons.map(({ made }) => made));
  const hidden: Record<string, (shown: Question) => boolean> = {
    pin: ({ state }) => !["approved", "live", "answered"].includes(state),
    next: ({ state }) => state !== "approved",
    back: ({ state }) => state === "pending",
    merge: ({ state }) => !["pending", "approved", "live"].includes(state),
    answer: ({ state }) => state === "declined",
  };
  return {
    element,
    open,
    update(next) {
      question = next;
      original.hidden = !next.edited;
      setText(original, next.edited ? _("As it was asked: {text}", { text: next.original ?? "" }) : "");
      for (const { made, draw } of buttons) {
        draw();
        made.hidden = hidden[made.dataset.more ?? ""]?.(next) ?? false;
      }
    },
  };
}

/** "14:07 · Approved · Hanna Host". */
function stepWords({ at, by, verb }: Step): string {
  const words: Record<string, string> = {
    "question.ask": _("Asked"),
    "question.approved": _("Approved"),
    "question.pending": _("Back among the new ones"),
    "question.live": _("Being answered now"),
    "question.unlive": _("Back to approved"),
    "question.answered": _("Answered"),
    "question.declined": _("Declined"),
    "question.withdrawn": _("Withdrawn"),
    "person.blocked": _("Take no more from this person"),
    "person.unblocked": _("Take questions from this person again"),
  };
  return [clockTime(at), words[verb] ?? commandWords(verb), by].filter(Boolean).join(" · ");
}

function sendWords(name: FormName): string {
  if (name === "answer") return _("Send the answer");
  if (name === "translate") return _("Show the translation");
  return name === "label" ? _("Set the labels") : _("Show these words");
}

function wordsField(name: FormName, question: Question): HTMLTextAreaElement | HTMLInputElement {
  if (name === "label") {
    const labels = (question.labels ?? []).join(", ");
    const field = h("input", { class: "input", type: "text", maxlength: 240, "data-testid": "labels" });
    field.value = labels;
    field.setAttribute("aria-label", _("Labels, with commas between them"));
    return field;
  }
  const field = h("textarea", { class: "input", rows: 4, dir: "auto", "data-testid": `words-${name}` });
  field.maxLength = name === "answer" ? 4_000 : 1_000;
  field.value = name === "answer" ? (question.answer ?? "") : name === "translate" ? "" : question.text;
  const labels: Partial<Record<FormName, string>> = {
    answer: _("The answer, for everyone"),
    translate: _("The translation, beside the words of who asked"),
  };
  field.setAttribute("aria-label", labels[name] ?? _("The words that everyone sees"));
  return field;
}

/** Into which language; the translation that is there already can be changed. */
function languageField(question: Question, words: HTMLTextAreaElement | HTMLInputElement): HTMLSelectElement {
  const field = h("select", {
    class: "input",
    "aria-label": _("Into which language"),
    "data-testid": "translate-into",
  });
  for (const [name, tag] of [
    ["en", "en"],
    ["sv", "sv"],
    ["zh_Hans", "zh-Hans"],
  ] as const) {
    if (nameOf(question.lang) !== name || !question.lang)
      field.append(h("option", { value: name, "data-tag": tag }, languageName(tag)));
  }
  const fill = () => {
    words.value = question.translations?.[field.selectedOptions[0]?.dataset.tag ?? ""] ?? "";
  };
  field.addEventListener("change", fill);
  fill();
  return field;
}

function labelsOf(text: string): string[] {
  return text
    .split(/[,，、]/u)
    .map((label) => label.trim())
    .filter((label) => label !== "");
}

function mergeField(choices: Question[]): HTMLSelectElement {
  const field = h("select", { class: "input", "data-testid": "merge-into" });
  field.setAttribute("aria-label", _("The question that stays"));
  for (const choice of choices.slice(0, 100)) {
    const option = h("option", { value: `${choice.id} ${choice.revision}` }, shorten(choice.text));
    field.append(option);
  }
  return field;
}

function shorten(text: string): string {
  return text.length > 90 ? `${text.slice(0, 88)}…` : text;
}

/** Enter sends where it ends a line; Escape closes; what was typed stays until it was sent. */
function formOf(words: string, field: HTMLElement, close: () => void, send: () => boolean): HTMLFormElement {
  const submit = h("button", { type: "submit", class: "button", "data-testid": "more-send" }, words);
  const form = h("form", { class: "card-q__words" }, field, submit) as HTMLFormElement;
  form.append(button(_("Cancel"), close, { look: "button--quiet" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (send()) close();
    else field.focus();
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}
