/** The guide's finger: while it is switched on, moving over the picture points instead of turning it. */
import { h } from "../dom";
import { _ } from "../i18n";
import { unproject } from "../viewer/projection";
import { byId, isComposing, setAttribute } from "./dom";
import { announce, type Room } from "./room";
import type { Stage } from "./stage";

/** The server takes ten a second. */
const EVERY_MS = 100;
/** One press of an arrow key moves the spot by this share of the picture's height. */
const STEP = 0.04;

export class Finger {
  private readonly layer = h("div", {
    class: "finger",
    role: "application",
    tabindex: "0",
    hidden: true,
    "aria-label": _("Point with the arrow keys. Escape ends pointing."),
  });
  private readonly toggle = byId<HTMLButtonElement>("guide-point");
  private at: { x: number; y: number } | null = null;
  private timer = 0;
  private sentAt = Number.NEGATIVE_INFINITY;
  private on = false;

  constructor(
    private readonly room: Room,
    private readonly stage: Stage,
  ) {
    byId("picture").after(this.layer);
    this.toggle.addEventListener("click", () => this.switch(!this.on));
    this.layer.addEventListener("pointermove", (event) => this.moved(event));
    this.layer.addEventListener("pointerdown", (event) => {
      this.layer.setPointerCapture(event.pointerId);
      this.moved(event);
    });
    this.layer.addEventListener("pointerleave", () => this.away());
    // Said again while the hand rests: to who came meanwhile, and after a word that got lost.
    room.on("tick", () => {
      if (this.on && this.at) this.soon();
    });
    this.layer.addEventListener("keydown", (event) => this.key(event));
  }

  /** Only who leads points. */
  allow(leading: boolean): void {
    this.toggle.hidden = !leading;
    if (!leading) this.switch(false);
  }

  private switch(on: boolean): void {
    if (on === this.on) return;
    this.on = on;
    this.layer.hidden = !on;
    setAttribute(this.toggle, "aria-pressed", String(on));
    if (on) {
      announce(_("Pointing. Move over the picture."));
      this.layer.focus({ preventScroll: true });
    } else {
      this.away();
      this.toggle.focus({ preventScroll: true });
    }
  }

  private moved(event: PointerEvent): void {
    const box = this.layer.getBoundingClientRect();
    this.at = { x: event.clientX - box.left, y: event.clientY - box.top };
    this.soon();
  }

  private key(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const { clientHeight, clientWidth } = this.layer;
    const step = clientHeight * STEP;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (event.key === "Escape") this.switch(false);
    else if (move) {
      const from = this.at ?? { x: clientWidth / 2, y: clientHeight / 2 };
      this.at = {
        x: Math.min(clientWidth, Math.max(0, from.x + move[0])),
        y: Math.min(clientHeight, Math.max(0, from.y + move[1])),
      };
      this.soon();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private soon(): void {
    if (this.timer) return;
    const wait = Math.max(0, this.sentAt + EVERY_MS - performance.now());
    this.timer = window.setTimeout(() => this.send(), wait);
  }

  private send(): void {
    this.timer = 0;
    const view = this.stage.view();
    if (!this.at || !view || !this.on) return;
    this.sentAt = performance.now();
    const { clientHeight, clientWidth } = this.layer;
    const { pitch, yaw } = unproject(this.at, view, clientWidth, clientHeight);
    this.room.connection.say("pointer", {
      on: true,
      scene: view.scene,
      yaw,
      pitch,
    });
  }

  private away(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    if (this.at) this.room.connection.say("pointer", { on: false });
    this.at = null;
  }
}
