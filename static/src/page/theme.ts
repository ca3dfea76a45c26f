import { writeCookie } from "../cookies";
import { findAll, on } from "../dom";

/**
 * Light, dark, or as the system says. The choice is a cookie, so that the server writes `data-theme` into the next
 * page and nothing flashes; this page changes at once.
 */
export function enhanceTheme(): void {
  const buttons = findAll<HTMLButtonElement>("button[data-theme-choice]");
  for (const button of buttons) {
    on(button, "click", (event) => {
      event.preventDefault();
      const choice = button.dataset.themeChoice ?? "";
      writeCookie("theme", choice || null);
      if (choice) document.documentElement.dataset.theme = choice;
      else delete document.documentElement.dataset.theme;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    });
  }
}
