/** A small compass for the north of a scene: turned by the arrow keys, or by dragging around its middle. */
import { h, icon } from "../../dom";
import { _ } from "../../i18n";
import { wrapYaw } from "../../viewer/document";

const SETTLE_MS = 700;

export class Compass {
  readonly element = h("div", {
    class: "ed-compass",
    role: "slider",
    tabindex: 0,
    "aria-label": _("North lies at yaw"),
    "aria-valuemin": -180,
    "aria-valuemax": 180,
  });
  private value = 0;
  private settling = 0;
  private readonly needle = icon("navigation");

  constructor(
    private readonly hooks: { moving(north: number): void; save(north: number): void; looking(): number },
  ) {
    this.element.append(this.needle);
    this.element.addEventListener("keydown", (event) => {
      const by = event.shiftKey ? 5 : 1;
      const step = { ArrowLeft: -by, ArrowDown: -by, ArrowRight: by, ArrowUp: by }[event.key];
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.turn(wrapYaw(Math.round((this.value + step) * 10) / 10));
    });
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      this.follow(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) this.follow(event);
    });
  }

  /** Shows where north lies, in the direction that one is looking now. */
  show(north: number): void {
    this.value = north;
    this.element.setAttribute("aria-valuenow", String(north));
    this.element.setAttribute("aria-valuetext", _("{degrees}°", { degrees: north }));
    // the needle's drawing points to the upper right
    this.needle.style.rotate = `${wrapYaw(north - this.hooks.looking()) - 45}deg`;
  }

  private turn(north: number): void {
    this.show(north);
    this.hooks.moving(north);
    window.clearTimeout(this.settling);
    this.settling = window.setTimeout(() => this.hooks.save(this.value), SETTLE_MS);
  }

  private follow(event: PointerEvent): void {
    const box = this.element.getBoundingClientRect();
    const right = event.clientX - (box.left + box.width / 2);
    const up = box.top + box.height / 2 - event.clientY;
    const angle = (Math.atan2(right, up) * 180) / Math.PI;
    this.turn(Math.round(wrapYaw(this.hooks.looking() + angle)));
  }
}
