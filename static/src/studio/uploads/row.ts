/** A file on the page: its name, how far it is in words and as a bar, what there is to know, what one can do. */
import { h, icon } from "../../dom";
import { _ } from "../../i18n";

type Kind = "" | "info" | "done" | "warning" | "danger";

export interface Note {
  text: string;
  kind: "warning" | "refusal" | "done";
}

export interface Action {
  words: string;
  icon: string;
  run: () => void;
}

export interface Look {
  words: string;
  icon: string;
  kind?: Kind;
  /** Null: nothing to measure. */
  percent?: number | null;
  actions?: Action[];
}

export class Row {
  readonly element: HTMLLIElement;
  private readonly heading: HTMLElement;
  private readonly state: HTMLElement;
  private readonly bar: HTMLProgressElement;
  private readonly notes: HTMLElement;
  private readonly buttons: HTMLElement;
  private offered = "";
  private shown = "";

  constructor(readonly name: string) {
    this.heading = h("h3", { class: "upload__name" }, name);
    this.state = h("span");
    this.bar = h("progress", {
      class: "progress",
      max: 100,
      value: 0,
      hidden: true,
      "aria-label": _("Upload of {name}", { name }),
    });
    this.notes = h("ul", { class: "upload__notes" });
    this.buttons = h("div", { class: "upload__actions" });
    const head = h("div", { class: "upload__head" }, this.heading, this.state);
    this.element = h("li", { class: "upload" }, head, this.bar, this.notes, this.buttons);
  }

  /** Shows a state. Buttons that stay the same stay the same elements: the focus is on one of them perhaps. */
  show(look: Look): void {
    const { words, icon: sign, kind = "", percent = null, actions = [] } = look;
    const key = `${kind} ${sign}`;
    if (this.shown !== key) {
      this.state.className = `chip${kind ? ` chip--${kind}` : ""}`;
      this.state.replaceChildren(icon(sign), h("span", {}, words));
      this.shown = key;
    } else {
      const text = this.state.lastElementChild;
      if (text && text.textContent !== words) text.textContent = words;
    }
    this.bar.hidden = percent === null;
    if (percent !== null) this.bar.value = percent;
    this.offer(actions);
  }

  /** Adds something to know; the same text once. */
  note(note: Note, action?: Action): void {
    if (
      [...this.notes.children].some(
        (each) => each.firstElementChild?.nextElementSibling?.textContent === note.text,
      )
    )
      return;
    const signs = { warning: "triangle-alert", refusal: "circle-alert", done: "circle-check" };
    const line = h("li", { class: `is-${note.kind}` }, icon(signs[note.kind]), h("span", {}, note.text));
    if (action) line.append(this.button(action));
    this.notes.append(line);
  }

  /** Takes back what was said before: the file is looked at anew. */
  clear(): void {
    this.notes.replaceChildren();
  }

  /** From now on the name leads to what became of the file. */
  link(href: string, title: string): void {
    this.heading.replaceChildren(h("a", { href }, title));
    if (title !== this.name) this.heading.append(" ", h("span", { class: "muted small" }, this.name));
  }

  private offer(actions: Action[]): void {
    const key = actions.map((action) => action.words).join("\n");
    if (key === this.offered) return;
    const had = this.buttons.contains(document.activeElement);
    this.offered = key;
    this.buttons.replaceChildren(...actions.map((action) => this.button(action)));
    if (had) this.buttons.querySelector("button")?.focus();
  }

  private button(action: Action): HTMLButtonElement {
    const made = h(
      "button",
      { type: "button", class: "button button--quiet" },
      icon(action.icon),
      h("span", {}, action.words),
      h("span", { class: "visually-hidden" }, ` – ${this.name}`),
    );
    made.addEventListener("click", () => action.run());
    return made;
  }
}
