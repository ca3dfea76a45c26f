/** The panel that tells what a point is and shows its picture, film or link; beside the picture's canvas. */
import { _ } from "../i18n";
import { fill } from "./content";
import { controlButton } from "./controls";
import { type Hotspot, kindOf } from "./document";
import { freshId, make, write } from "./dom";

export class InfoPanel {
  readonly element = make("dialog", "tv-panel");
  private readonly heading = make("h3", "tv-panel__title");
  private readonly body = make("div", "tv-panel__body");
  private opener: HTMLElement | null = null;

  constructor(
    private readonly fallbackFocus: () => HTMLElement,
    private readonly closed: () => void = () => {},
  ) {
    this.heading.id = freshId("tv-panel");
    this.heading.tabIndex = -1;
    this.element.setAttribute("aria-labelledby", this.heading.id);
    const close = controlButton("x", _("Close"));
    close.classList.add("tv-panel__close");
    close.addEventListener("click", () => this.close());
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      // This Escape is the panel's: the tour stays open.
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    // The room for the button is the head's: a heading in another script has another end.
    const head = make("div", "tv-panel__head");
    head.append(this.heading, close);
    this.element.append(head, this.body);
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  /** Shows a point and moves the focus there, unless `quietly`; closing gives the focus back to `opener`. */
  open(hotspot: Hotspot, opener: HTMLElement | null, quietly = false): void {
    this.opener = opener;
    write(this.heading, hotspot.label);
    fill(this.body, hotspot);
    const seen = ["picture", "video"].includes(kindOf(hotspot));
    this.element.classList.toggle("tv-panel--wide", seen);
    if (!this.element.open) this.element.show();
    this.body.scrollTop = 0;
    if (!quietly) this.heading.focus({ preventScroll: true });
  }

  /** Closes without a word when it is closed already. */
  close(): void {
    if (!this.element.open) return;
    const hadFocus = this.element.contains(document.activeElement);
    this.element.close();
    // A film must not go on where nobody sees it.
    this.body.replaceChildren();
    this.closed();
    if (!hadFocus) return;
    const usable = this.opener?.isConnected && !this.opener.closest("[hidden]") && this.opener.tabIndex >= 0;
    (usable && this.opener ? this.opener : this.fallbackFocus()).focus({ preventScroll: true });
  }
}
