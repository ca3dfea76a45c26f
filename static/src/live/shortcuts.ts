/**
 * Single-letter keys of the room: outside text fields only, never during input-method composition, and with a switch
 * to turn them off (WCAG 2.1.4). Each is also a button.
 */
import { byId, isComposing, isTyping } from "./dom";

export interface Shortcut {
  key: string;
  act(): void;
}

const STORAGE_KEY = "tourserver.letters";

/** True unless the person turned the letters off. */
export function lettersOn(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch {
    return true;
  }
}

/** The shortcut that a key press means, or null. Exported for its rules to be tested. */
export function meant(event: KeyboardEvent, shortcuts: readonly Shortcut[]): Shortcut | null {
  if (event.defaultPrevented || event.repeat || isComposing(event)) return null;
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (isTyping(event.target)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return shortcuts.find((shortcut) => shortcut.key === key) ?? null;
}

/** Listens to the page's keys, and binds the help dialog and the switch that it contains. */
export function listen(shortcuts: readonly Shortcut[], leave: () => boolean): void {
  const dialog = byId<HTMLDialogElement>("keys-help");
  const help: Shortcut = { key: "?", act: () => dialog.showModal() };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !isComposing(event) && !event.defaultPrevented) {
      if (document.querySelector("dialog:modal")) return; // it closes itself
      if (leave()) event.preventDefault();
      return;
    }
    if (!lettersOn() || document.querySelector("dialog:modal")) return;
    const shortcut = meant(event, [...shortcuts, help]);
    if (!shortcut) return;
    event.preventDefault();
    shortcut.act();
  });
  for (const opener of document.querySelectorAll("[data-open-keys]")) {
    opener.addEventListener("click", () => help.act());
  }
  const letters = byId<HTMLInputElement>("keys-letters");
  letters.checked = lettersOn();
  letters.addEventListener("change", () => {
    try {
      localStorage.setItem(STORAGE_KEY, letters.checked ? "on" : "off");
    } catch {
      // Without storage the choice holds for nothing; the letters stay on.
    }
  });
}
