import { announce, find, findAll, on } from "../dom";
import { _ } from "../i18n";

const SHOWN_MS = 2500;

/** `<button data-copy="#id">` copies that field or text; `data-copy-text` copies the text itself. */
export function enhanceCopying(): void {
  for (const button of findAll<HTMLButtonElement>("button[data-copy], button[data-copy-text]")) {
    button.hidden = false;
    const words = find("[data-copy-words]", button) ?? button;
    const before = words.textContent;
    on(button, "click", async () => {
      const done = await copy(textOf(button));
      words.textContent = done ? _("Copied") : _("Select the text and copy it");
      announce(words.textContent ?? "");
      setTimeout(() => {
        words.textContent = before;
      }, SHOWN_MS);
    });
  }
}

function textOf(button: HTMLButtonElement): string {
  if (button.dataset.copyText) return button.dataset.copyText;
  const source = button.dataset.copy ? find(button.dataset.copy) : null;
  return source instanceof HTMLInputElement ? source.value : (source?.textContent?.trim() ?? "");
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS or permission there is no clipboard: the person copies by hand.
    return false;
  }
}
