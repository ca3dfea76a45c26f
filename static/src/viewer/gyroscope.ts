/**
 * Looking around by turning the device.
 *
 * The yaw is counted from where one looked when it was switched on, the pitch is the device's own; the picture stays
 * upright. A finger on the picture, a key or a button comes first, and the device goes on from there.
 */
import { between, type SceneView, type View, wrapYaw } from "./document";
import type { Input } from "./tour-events";

/** So much of the remaining way is taken in a frame: calm hands look calm. */
const SHARE = 0.3;
const REST_MS = 500;
/** A device that says nothing for this long has nothing to say. */
const SILENT_MS = 2_000;

export interface Turnable {
  readonly picture: HTMLElement;
  view(): SceneView;
  rotate(view: View): void;
  on(name: "input", listener: (by: Input) => void): () => void;
}

interface Orientation {
  alpha: number | null;
  beta: number | null;
  gamma: number | null;
}

type Permissive = typeof DeviceOrientationEvent & { requestPermission?: () => Promise<string> };

/** True on devices that are held in the hand and can tell how. */
export function canTurn(): boolean {
  return "DeviceOrientationEvent" in window && navigator.maxTouchPoints > 0;
}

/** Where the back of a device looks, degrees: yaw clockwise from where alpha counts, pitch up. */
export function lookOf({ alpha, beta, gamma }: Orientation): { yaw: number; pitch: number } | null {
  if (alpha === null || beta === null || gamma === null) return null;
  const [z, x, y] = [alpha, beta, gamma].map((degrees) => (degrees * Math.PI) / 180) as [
    number,
    number,
    number,
  ];
  // Third column of the W3C's rotation matrix Z-X'-Y'', turned round: the screen's back.
  const east = -(Math.cos(y) * Math.sin(z) * Math.sin(x) + Math.cos(z) * Math.sin(y));
  const north = -(Math.sin(z) * Math.sin(y) - Math.cos(z) * Math.cos(y) * Math.sin(x));
  const up = -(Math.cos(x) * Math.cos(y));
  return {
    yaw: wrapYaw((Math.atan2(east, north) * 180) / Math.PI),
    pitch: (Math.asin(Math.min(1, Math.max(-1, up))) * 180) / Math.PI,
  };
}

export type Outcome = "on" | "refused" | "silent";

export class Gyroscope {
  private look: { yaw: number; pitch: number } | null = null;
  private offset: number | null = null;
  private heldUntil = 0;
  private pressed = false;
  private frame = 0;
  private undo: (() => void)[] = [];

  constructor(private readonly viewer: Turnable) {}

  get on(): boolean {
    return this.undo.length > 0;
  }

  /** Asks the person's leave where the device wants that, so call it from a press; then turns until stop(). */
  async start(): Promise<Outcome> {
    const asking = (DeviceOrientationEvent as Permissive).requestPermission;
    if (asking) {
      const answer = await asking.call(DeviceOrientationEvent).catch(() => "denied");
      if (answer !== "granted") return "refused";
    }
    if (this.on) return "on";
    this.listen();
    const heard = await this.firstWord();
    if (!heard) this.stop();
    return heard ? "on" : "silent";
  }

  stop(): void {
    window.cancelAnimationFrame(this.frame);
    this.frame = 0;
    for (const step of this.undo.splice(0)) step();
    this.look = null;
    this.offset = null;
  }

  private listen(): void {
    const { picture } = this.viewer;
    const turned = (event: DeviceOrientationEvent) => {
      this.look = lookOf(event) ?? this.look;
    };
    const down = () => {
      this.pressed = true;
    };
    const up = () => {
      this.pressed = false;
      this.hold();
    };
    window.addEventListener("deviceorientation", turned);
    picture.addEventListener("pointerdown", down);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", up);
    this.undo = [
      () => window.removeEventListener("deviceorientation", turned),
      () => picture.removeEventListener("pointerdown", down),
      () => window.removeEventListener("pointerup", up),
      () => window.removeEventListener("pointercancel", up),
      this.viewer.on("input", () => this.hold()),
    ];
    this.frame = window.requestAnimationFrame(this.tick);
  }

  /** The person moves the picture otherwise; the device goes on from wherever that ends. */
  private hold(): void {
    this.heldUntil = performance.now() + REST_MS;
    this.offset = null;
  }

  private firstWord(): Promise<boolean> {
    const until = performance.now() + SILENT_MS;
    return new Promise((resolve) => {
      const ask = () => {
        if (this.look || !this.on) resolve(this.look !== null);
        else if (performance.now() > until) resolve(false);
        else window.setTimeout(ask, 50);
      };
      ask();
    });
  }

  private readonly tick = (): void => {
    this.frame = window.requestAnimationFrame(this.tick);
    const { look } = this;
    if (!look || this.pressed || performance.now() < this.heldUntil) return;
    const now = this.viewer.view();
    this.offset ??= wrapYaw(now.yaw - look.yaw);
    const target = { yaw: wrapYaw(look.yaw + this.offset), pitch: look.pitch, fov: now.fov };
    this.viewer.rotate(between(now, target, SHARE));
  };
}
