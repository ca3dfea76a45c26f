/** The bar over the picture: undo, redo, and in words whether everything is saved. */
import { announce, h, icon } from "../../dom";
import { _ } from "../../i18n";
import type { SaveState, Store } from "./store";

const SIGNS: Record<SaveState, string> = {
  saved: "circle-check",
  saving: "loader",
  lost: "triangle-alert",
  conflict: "triangle-alert",
  refused: "circle-alert",
};

function wordsOf(state: SaveState, more: string): string {
  switch (state) {
    case "saved":
      return _("Saved. Visitors see it once the tour is published.");
    case "saving":
      return _("Saving …");
    case "lost":
      return _("The connection was lost: the last change is not saved. What you typed is kept; try again.");
    default:
      return more;
  }
}

export class Status {
  private readonly undo = barButton("undo-2", _("Undo"));
  private readonly redo = barButton("redo-2", _("Do again"));
  private readonly said = h("p", { class: "editor__state", role: "status" });
  private state: SaveState | null = null;

  constructor(bar: HTMLElement, store: () => Store | null) {
    this.undo.addEventListener("click", () => void this.step(store(), "undo"));
    this.redo.addEventListener("click", () => void this.step(store(), "redo"));
    bar.append(this.undo, this.redo, this.said);
    bar.hidden = false;
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      // in a text field the browser undoes typing
      if (
        event.target instanceof Element &&
        event.target.closest("input, textarea, select, [contenteditable]")
      )
        return;
      event.preventDefault();
      void this.step(store(), event.shiftKey ? "redo" : "undo");
    });
  }

  show(state: SaveState, more: string): void {
    this.state = state;
    this.said.replaceChildren(icon(SIGNS[state]), h("span", {}, wordsOf(state, more)));
    this.said.className = `editor__state editor__state--${state}`;
  }

  /** What can be undone now. */
  renew(store: Store): void {
    for (const [button, words, name] of [
      [this.undo, store.undoWords, _("Undo")],
      [this.redo, store.redoWords, _("Do again")],
    ] as const) {
      // not disabled: the focus would be lost with the last step
      button.setAttribute("aria-disabled", String(words === null));
      const label = words === null ? name : `${name}: ${words}`;
      button.setAttribute("aria-label", label);
      button.title = label;
    }
  }

  private async step(store: Store | null, which: "undo" | "redo"): Promise<void> {
    if (!store) return;
    const words = await store[which]();
    this.renew(store);
    if (words !== null)
      announce(
        which === "undo" ? _("Undone: {what}", { what: words }) : _("Done again: {what}", { what: words }),
      );
    else if (this.state !== "lost") announce(_("There is nothing to take back."));
  }
}

function barButton(sign: string, words: string): HTMLButtonElement {
  const button = h("button", {
    type: "button",
    class: "button button--quiet",
    "aria-label": words,
    title: words,
  });
  button.append(icon(sign), h("span", {}, words));
  return button;
}
