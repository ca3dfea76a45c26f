import { find, findAll, on } from "../dom";

const TYPING_PAUSE_MS = 600;

/**
 * Filter forms (`form[data-filters]`) send themselves when a choice is made; the button stays for those who want it.
 * A search word is sent after a pause in typing only when the form says so (`data-filters="typing"`).
 */
export function enhanceFilters(): void {
  for (const form of findAll<HTMLFormElement>("form[data-filters]")) {
    for (const select of findAll<HTMLSelectElement>("select", form)) {
      on(select, "change", () => form.requestSubmit());
    }
    on(form, "submit", () => dropEmpty(form));
    const search = find<HTMLInputElement>("input[type=search]", form);
    if (!search || form.dataset.filters !== "typing") continue;
    let timer: ReturnType<typeof setTimeout> | undefined;
    on(search, "input", (event) => {
      clearTimeout(timer);
      if ((event as InputEvent).isComposing) return;
      timer = setTimeout(() => form.requestSubmit(), TYPING_PAUSE_MS);
    });
  }
}

/** Leaves empty fields out of the address, so that it stays short and can be shared. */
function dropEmpty(form: HTMLFormElement): void {
  const fields = findAll<HTMLInputElement | HTMLSelectElement>("input[name], select[name]", form);
  const empty = fields.filter((field) => field.value === "" && !field.disabled);
  for (const field of empty) field.disabled = true;
  // The page may come back from the browser's memory: the fields must work again then.
  setTimeout(() => {
    for (const field of empty) field.disabled = false;
  });
}
