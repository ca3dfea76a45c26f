/**
 * The points on the picture while one edits: they look as visitors see them, can be dragged, and moved by the arrow keys.
 *
 * The layer lies over the picture and lets everything through but its own buttons, so the picture still turns.
 */
import { announce, icon } from "../../dom";
import { _ } from "../../i18n";
import { clamp, type Kind, type View, wrapYaw } from "../../viewer/document";
import { make } from "../../viewer/dom";
import { project, unproject } from "../../viewer/projection";
import type { DraftPoint, Language } from "./model";
import { pickText } from "./model";

const SIGNS: Record<Kind, string> = {
  link: "arrow-up",
  info: "info",
  picture: "image",
  video: "video",
  document: "file-text",
  outside: "external-link",
};
/** A pointer that moved further than this many pixels was dragging. */
const DRAG_PX = 5;
/** A move by keys is saved this long after the last press. */
const SETTLE_MS = 700;

export interface Direction {
  yaw: number;
  pitch: number;
}

export interface OverlayHooks {
  view(): View;
  /** A point is on its way to another place; not saved yet. */
  moving(id: string, to: Direction): void;
  /** It is there: save it. */
  moved(id: string, to: Direction): void;
  open(id: string): void;
  remove(id: string): void;
}

interface Marker {
  point: DraftPoint;
  at: Direction;
  button: HTMLButtonElement;
}

export class PointOverlay {
  readonly element = make("div", "tv-hotspots ed-points");
  private markers: Marker[] = [];
  private drag: { marker: Marker; x: number; y: number; moved: boolean } | null = null;
  private settling = 0;

  constructor(
    private readonly hooks: OverlayHooks,
    private readonly language: Language,
  ) {}

  /** Shows these points; one that is being moved keeps its place in the hand. */
  show(points: DraftPoint[], selected: string | null): void {
    const focused = this.markers.find((marker) => marker.button === document.activeElement)?.point.id;
    const held = this.drag?.marker;
    this.markers = points.map((point) => {
      if (held?.point.id === point.id) return held;
      const known = this.markers.find((marker) => marker.point.id === point.id);
      return this.marker(point, this.settling && known ? known.at : point);
    });
    this.element.replaceChildren(...this.markers.map((marker) => marker.button));
    for (const marker of this.markers)
      marker.button.classList.toggle("ed-point--selected", marker.point.id === selected);
    this.place();
    if (focused)
      this.markers
        .find((marker) => marker.point.id === focused)
        ?.button.focus({
          preventScroll: true,
        });
  }

  /** Puts a point somewhere without saving, as numbers are typed. */
  mirror(id: string, to: Direction): void {
    const marker = this.markers.find((each) => each.point.id === id);
    if (!marker) return;
    marker.at = to;
    this.place();
  }

  /** Puts every point where the picture now shows it. */
  place(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const view = this.hooks.view();
    for (const { at, button } of this.markers) {
      const spot = project(at, view, width, height);
      const inside = spot && spot.x > -30 && spot.x < width + 30 && spot.y > -30 && spot.y < height + 30;
      button.hidden = !inside;
      if (!spot || !inside) continue;
      button.style.transform = `translate(${spot.x.toFixed(1)}px, ${spot.y.toFixed(1)}px)`;
    }
  }

  focus(id: string): void {
    this.markers.find((marker) => marker.point.id === id)?.button.focus({ preventScroll: true });
  }

  private marker(point: DraftPoint, at: Direction): Marker {
    const button = make("button", `tv-hotspot tv-hotspot--${point.kind} ed-point`);
    button.type = "button";
    const text = pickText(point.label, this.language);
    const label = make("span", "tv-hotspot__label", text.value || "–");
    label.dir = "auto";
    const mark = make("span", "tv-hotspot__mark");
    mark.append(icon(SIGNS[point.kind]));
    const help = make(
      "span",
      "visually-hidden",
      _("Arrow keys move it, with Shift further. Enter opens it."),
    );
    button.append(mark, label, help);
    const marker = { point, at: { yaw: at.yaw, pitch: at.pitch }, button };
    button.addEventListener("pointerdown", (event) => this.down(event, marker));
    button.addEventListener("pointermove", (event) => this.move(event));
    button.addEventListener("pointerup", () => this.up());
    button.addEventListener("pointercancel", () => this.up());
    button.addEventListener("click", (event) => {
      // a pointer's press was told by pointerup; this one is a key's or a screen reader's
      if (event.detail === 0) this.hooks.open(point.id);
    });
    button.addEventListener("keydown", (event) => this.key(event, marker));
    return marker;
  }

  private down(event: PointerEvent, marker: Marker): void {
    if (event.button !== 0) return;
    marker.button.setPointerCapture(event.pointerId);
    this.drag = { marker, x: event.clientX, y: event.clientY, moved: false };
  }

  private move(event: PointerEvent): void {
    const { drag } = this;
    if (!drag) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) <= DRAG_PX) return;
    drag.moved = true;
    const box = this.element.getBoundingClientRect();
    const spot = {
      x: clamp(event.clientX - box.left, 0, box.width),
      y: clamp(event.clientY - box.top, 0, box.height),
    };
    drag.marker.at = rounded(unproject(spot, this.hooks.view(), box.width, box.height));
    this.place();
    this.hooks.moving(drag.marker.point.id, drag.marker.at);
  }

  private up(): void {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    if (drag.moved) this.hooks.moved(drag.marker.point.id, drag.marker.at);
    else this.hooks.open(drag.marker.point.id);
  }

  private key(event: KeyboardEvent, marker: Marker): void {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.hooks.remove(marker.point.id);
      return;
    }
    const step = steps(event);
    if (!step) return;
    event.preventDefault();
    marker.at = moved(marker.at, step);
    this.place();
    this.hooks.moving(marker.point.id, marker.at);
    announce(
      _("{name}: yaw {yaw}°, pitch {pitch}°", {
        name: pickText(marker.point.label, this.language).value,
        yaw: marker.at.yaw,
        pitch: marker.at.pitch,
      }),
    );
    window.clearTimeout(this.settling);
    this.settling = window.setTimeout(() => {
      this.settling = 0;
      this.hooks.moved(marker.point.id, marker.at);
    }, SETTLE_MS);
  }
}

/** What an arrow key moves: a degree, with Shift five; null for every other key. */
export function steps(event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): {
  right: number;
  up: number;
} | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const by = event.shiftKey ? 5 : 1;
  switch (event.key) {
    case "ArrowLeft":
      return { right: -by, up: 0 };
    case "ArrowRight":
      return { right: by, up: 0 };
    case "ArrowUp":
      return { right: 0, up: by };
    case "ArrowDown":
      return { right: 0, up: -by };
    default:
      return null;
  }
}

export function moved(at: Direction, step: { right: number; up: number }): Direction {
  return rounded({ yaw: wrapYaw(at.yaw + step.right), pitch: clamp(at.pitch + step.up, -90, 90) });
}

export function rounded(at: Direction): Direction {
  return { yaw: Math.round(at.yaw * 10) / 10, pitch: Math.round(at.pitch * 10) / 10 };
}
