/**
 * The hotspots on the picture: real buttons that follow its movement.
 *
 * They are for pointers; a keyboard reaches the same hotspots through the list beside the picture (list.ts) or with
 * Enter for the one in the centre. They lie inside the picture's own element, so that a drag or a wheel that begins
 * on one still turns the picture. That makes the library swallow clicks on touch screens, hence the pointer events.
 */

import { icon } from "../dom";
import { angleBetween, type Hotspot, kindOf, type View } from "./document";
import { make, markLanguage } from "./dom";
import { signOf } from "./kinds";
import { project } from "./projection";

/** A pointer that moved further than this many pixels was dragging the picture. */
const DRAG_PX = 6;
/** A hotspot is in the centre within this share of the field of view. */
const CENTRE_SHARE = 0.22;
/** This near to an edge the name of a hotspot stands to its other side. */
const LABEL_PX = 88;
/** A click this soon after a tap is the browser's echo of it. */
const ECHO_MS = 500;

interface Marker {
  hotspot: Hotspot;
  button: HTMLButtonElement;
  placed: boolean;
}

export class HotspotLayer {
  readonly element = make("div", "tv-hotspots");
  private markers: Marker[] = [];
  private centre: Marker | null = null;
  private pressed: { button: HTMLButtonElement; x: number; y: number; dragged: boolean } | null = null;
  private tappedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly open: (hotspot: Hotspot, button: HTMLElement) => void) {
    this.element.addEventListener("pointerdown", (event) => this.down(event));
    this.element.addEventListener("pointermove", (event) => this.moved(event));
    this.element.addEventListener("pointerup", (event) => this.up(event));
    this.element.addEventListener("pointercancel", () => {
      this.pressed = null;
    });
    this.element.addEventListener("click", (event) => this.clicked(event));
  }

  /** Replaces all hotspots by those of a scene. */
  show(hotspots: Hotspot[]): void {
    this.centre = null;
    this.pressed = null;
    this.markers = hotspots.map((hotspot) => ({ hotspot, button: button(hotspot), placed: false }));
    // the button that was pressed goes away with its scene: the picture, which it lies on, takes the focus
    const held = this.element.contains(document.activeElement);
    if (held) this.element.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
    this.element.replaceChildren(...this.markers.map((marker) => marker.button));
  }

  /** Puts every hotspot where the picture now shows it. Called with each frame that is drawn. */
  place(view: View, width: number, height: number): void {
    const margin = 40;
    for (const marker of this.markers) {
      const spot = project(marker.hotspot, view, width, height);
      const inside =
        spot !== null &&
        spot.x > -margin &&
        spot.x < width + margin &&
        spot.y > -margin &&
        spot.y < height + margin;
      marker.button.hidden = !inside;
      marker.placed = inside;
      if (!inside) continue;
      marker.button.classList.toggle("tv-hotspot--far-left", spot.x < LABEL_PX);
      marker.button.classList.toggle("tv-hotspot--far-right", spot.x > width - LABEL_PX);
      marker.button.style.transform = `translate(${spot.x.toFixed(1)}px, ${spot.y.toFixed(1)}px)`;
    }
    this.markCentre(view);
  }

  /** The hotspot that Enter opens, if one is near the middle of the picture. */
  get centred(): { hotspot: Hotspot; button: HTMLElement } | null {
    return this.centre;
  }

  private markCentre(view: View): void {
    let nearest: Marker | null = null;
    let least = view.fov * CENTRE_SHARE;
    for (const marker of this.markers) {
      const angle = angleBetween(marker.hotspot, view);
      if (marker.placed && angle < least) {
        least = angle;
        nearest = marker;
      }
    }
    if (nearest === this.centre) return;
    this.centre?.button.classList.remove("tv-hotspot--centred");
    nearest?.button.classList.add("tv-hotspot--centred");
    this.centre = nearest;
  }

  private down(event: PointerEvent): void {
    const target = hit(event);
    this.pressed =
      target && event.button === 0
        ? { button: target, x: event.clientX, y: event.clientY, dragged: false }
        : null;
  }

  private moved(event: PointerEvent): void {
    const press = this.pressed;
    if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_PX) press.dragged = true;
  }

  private up(event: PointerEvent): void {
    const press = this.pressed;
    this.pressed = null;
    if (!press) return;
    // The click that may follow a drag or a tap is not a second press.
    this.tappedAt = performance.now();
    const moved = press.dragged || Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_PX;
    if (!moved && hit(event) === press.button) this.activate(press.button);
  }

  /** Only clicks that no pointer made get here: a screen reader's, or a script's. */
  private clicked(event: MouseEvent): void {
    const target = hit(event);
    if (target && performance.now() - this.tappedAt > ECHO_MS) this.activate(target);
  }

  private activate(target: HTMLButtonElement): void {
    const marker = this.markers.find((each) => each.button === target);
    if (marker) this.open(marker.hotspot, target);
  }
}

function hit(event: Event): HTMLButtonElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLButtonElement>(".tv-hotspot") : null;
}

function button(hotspot: Hotspot): HTMLButtonElement {
  const element = make("button", `tv-hotspot tv-hotspot--${kindOf(hotspot)}`);
  element.type = "button";
  element.tabIndex = -1;
  element.hidden = true;
  element.dataset.hotspot = hotspot.id;
  const label = make("span", "tv-hotspot__label", hotspot.label.value);
  markLanguage(label, hotspot.label);
  const mark = make("span", "tv-hotspot__mark");
  mark.append(icon(signOf(hotspot)));
  element.append(mark, label);
  return element;
}
