/** Changing the page's language without leaving the room: the choice is stored and the page loads again. */
import { writeCookie } from "../cookies";

export function bindLanguages(): void {
  for (const choice of document.querySelectorAll<HTMLElement>("[data-room-language]")) {
    choice.addEventListener("click", () => {
      writeCookie("lang", choice.dataset.roomLanguage ?? null);
      location.reload();
    });
  }
}
