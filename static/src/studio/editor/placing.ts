/** Showing a place in the picture: a tap or click there, or Enter for the middle. Dragging still turns the picture. */
import { announce } from "../../dom";
import { _ } from "../../i18n";
import type { View } from "../../viewer/document";
import { make } from "../../viewer/dom";
import { unproject } from "../../viewer/projection";
import { type Direction, rounded } from "./overlay";

const DRAG_PX = 6;

export class Placing {
  readonly crosshair = make("div", "ed-crosshair");
  private wanted: ((at: Direction) => void) | null = null;
  private ended: () => void = () => undefined;
  private press: { x: number; y: number } | null = null;

  constructor(
    private readonly picture: HTMLElement,
    private readonly view: () => View,
    /** Enter, while no place is asked for. */
    private readonly enter: () => void,
  ) {
    this.crosshair.hidden = true;
    picture.addEventListener("pointerdown", (event) => {
      this.press = event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
    });
    picture.addEventListener("pointerup", (event) => this.up(event));
    // before the viewer's own keys: Enter means something else here
    picture.addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  get active(): boolean {
    return this.wanted !== null;
  }

  /** Asks for a place; `ended` is called afterwards, also when nothing was chosen. */
  ask(take: (at: Direction) => void, ended: () => void): void {
    this.cancel();
    this.wanted = take;
    this.ended = ended;
    this.crosshair.hidden = false;
    this.picture.focus({ preventScroll: true });
    announce(_("Click in the picture, or turn it and press Enter for the middle. Escape cancels."));
  }

  cancel(): void {
    if (!this.wanted) return;
    this.wanted = null;
    this.crosshair.hidden = true;
    this.ended();
  }

  private take(at: Direction): void {
    const { wanted } = this;
    this.cancel();
    wanted?.(rounded(at));
  }

  private up(event: PointerEvent): void {
    const { press } = this;
    this.press = null;
    if (!this.wanted || !press || Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_PX)
      return;
    const box = this.picture.getBoundingClientRect();
    const spot = { x: event.clientX - box.left, y: event.clientY - box.top };
    this.take(unproject(spot, this.view(), box.width, box.height));
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.picture || event.isComposing) return;
    if (event.key === "Enter" && !event.repeat) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (this.wanted) this.take(this.view());
      else this.enter();
    } else if (event.key === "Escape" && this.wanted) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.cancel();
    }
  }
}

/** A button, or a link that works as one, that asks for a place; pressed again it stops asking. */
export function askByButton(
  button: HTMLElement,
  placing: () => Placing | null,
  take: (at: Direction) => void,
): void {
  const link = button instanceof HTMLAnchorElement;
  if (link) button.setAttribute("role", "button");
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", (event) => {
    const asked = placing();
    // without a picture the link leads to the form
    if (!asked) return;
    event.preventDefault();
    if (asked.active) {
      asked.cancel();
      return;
    }
    asked.ask(take, () => button.setAttribute("aria-pressed", "false"));
    button.setAttribute("aria-pressed", "true");
  });
  if (!link) return;
  button.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    button.click();
  });
}
