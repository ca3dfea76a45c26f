import { writeCookie } from "../cookies";
import { findAll, on } from "../dom";

/** Menus are `<details>`: Escape and a press outside close them, opening one closes the others. */
export function enhanceMenus(): void {
  const menus = findAll<HTMLDetailsElement>("details.menu");
  for (const menu of menus) {
    menu.addEventListener("toggle", () => {
      if (menu.open) for (const other of menus) if (other !== menu) other.open = false;
    });
    on(menu, "keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      menu.querySelector<HTMLElement>("summary")?.focus();
    });
    menu.addEventListener("focusout", (event) => {
      const next = (event as FocusEvent).relatedTarget;
      if (next instanceof Node && !menu.contains(next)) menu.open = false;
    });
  }
  on(document, "pointerdown", (event) => {
    for (const menu of menus) {
      if (menu.open && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
  });
  // The language that a person chose is kept for addresses without a language; such a page changes in its place.
  for (const link of findAll<HTMLAnchorElement>("a[data-language]")) {
    on(link, "click", (event) => {
      writeCookie("lang", link.dataset.language ?? null);
      if (link.dataset.inPlace === undefined) return;
      event.preventDefault();
      location.assign(location.pathname + location.search);
    });
  }
}
