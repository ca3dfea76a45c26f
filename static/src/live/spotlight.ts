/** What the guide points at: a ring in the picture that everyone sees, and its name in words. */
import { h } from "../dom";
import { _ } from "../i18n";
import { angleBetween, type Scene } from "../viewer/document";
import { project } from "../viewer/projection";
import { byId, setText } from "./dom";
import type { PointerFrame } from "./protocol";
import { announce, type Room } from "./room";
import type { Stage } from "./stage";

/** A point of the picture within this many degrees gives the spot its name. */
const NEAR = 12;
/** The same words are not said again sooner. */
const SAY_MS = 4_000;

export class Spotlight {
  private readonly ring = h("span", { class: "spotlight", "aria-hidden": "true", hidden: true });
  private readonly chip = byId("pointing");
  private readonly words = byId("pointing-text");
  private spot: PointerFrame | null = null;
  private last = Number.NEGATIVE_INFINITY;
  private said = "";
  private saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly room: Room,
    private readonly stage: Stage,
  ) {
    byId("picture").after(this.ring);
    room.on("pointer", (frame) => this.take(frame));
    stage.whenReady((viewer) => {
      viewer.on("view", () => this.place());
      viewer.on("scene", () => this.show());
    });
    new ResizeObserver(() => this.place()).observe(byId("picture"));
  }

  private take(frame: PointerFrame): void {
    if (!(frame.t > this.last)) return;
    this.last = frame.t;
    this.spot = frame.on ? frame : null;
    this.show();
  }

  private show(): void {
    const { spot } = this;
    const scene = this.stage.viewer?.scene;
    const seen = spot !== null && scene?.id === spot.scene;
    this.chip.hidden = !seen;
    this.place();
    if (!seen || !spot || !scene) {
      this.said = "";
      return;
    }
    const name = nameOf(scene, spot);
    const line = name
      ? _("The guide points at “{point}”", { point: name })
      : _("The guide points into the picture");
    setText(this.words, line);
    const now = performance.now();
    if (line === this.said || (this.said !== "" && now - this.saidAt < SAY_MS)) return;
    this.said = line;
    this.saidAt = now;
    if (this.room.data.role !== "host") announce(line);
  }

  private place(): void {
    const { spot } = this;
    const { viewer } = this.stage;
    const view = viewer?.view();
    const picture = byId("picture");
    const { clientHeight, clientWidth } = picture;
    const here = spot !== null && view?.scene === spot.scene && picture.querySelector(".tv--words") === null;
    const at =
      here && view
        ? project({ yaw: spot.yaw ?? 0, pitch: spot.pitch ?? 0 }, view, clientWidth, clientHeight)
        : null;
    const inside = at !== null && at.x >= 0 && at.y >= 0 && at.x <= clientWidth && at.y <= clientHeight;
    this.ring.hidden = !inside;
    if (inside) this.ring.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px)`;
  }
}

function nameOf(scene: Scene, spot: PointerFrame): string | null {
  const direction = { yaw: spot.yaw ?? 0, pitch: spot.pitch ?? 0 };
  const near = scene.hotspots
    .map((hotspot) => ({ hotspot, angle: angleBetween(direction, hotspot) }))
    .filter(({ angle }) => angle <= NEAR)
    .sort((a, b) => a.angle - b.angle)[0];
  return near?.hotspot.label.value ?? null;
}
