/**
 * Turning the picture by keys and buttons: a press moves a little, holding moves on.
 *
 * Speeds are shares of the field of view, so that a near view turns as calmly as a wide one. For people who asked
 * for less movement every press is one still step.
 */
import { clamp, type Limits, USUAL_LIMITS, type View, wrapYaw } from "./document";

export type Direction = "left" | "right" | "up" | "down" | "nearer" | "wider";

/** What one press moves, as a share of the field of view; without movement each press is a larger step. */
const STEP = 0.06;
const STILL_STEP = 0.16;
/** What holding moves in a second, as a share of the field of view. */
const SPEED = 0.75;
/** Holding longer than this is holding. */
const HOLD_MS = 180;

export interface Steerable {
  view(): View;
  rotate(view: View): void;
}

export class Steering {
  private readonly held = new Map<Direction, number>();
  private frame = 0;
  private last = 0;

  constructor(
    private readonly target: Steerable,
    private readonly still: () => boolean,
    private readonly limits: () => Limits = () => USUAL_LIMITS,
  ) {}

  /** A key or button went down. Pressing what is held already (a key's repeat) only counts without movement. */
  press(direction: Direction): void {
    if (this.still()) {
      this.move(direction, STILL_STEP);
      return;
    }
    if (this.held.has(direction)) return;
    this.held.set(direction, performance.now());
    this.move(direction, STEP);
    if (!this.frame) {
      this.last = performance.now();
      this.frame = window.requestAnimationFrame(this.tick);
    }
  }

  release(direction: Direction): void {
    this.held.delete(direction);
  }

  stop(): void {
    this.held.clear();
    window.cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  private readonly tick = (): void => {
    const now = performance.now();
    // A frame that came late must not make a leap.
    const seconds = Math.min(now - this.last, 120) / 1000;
    this.last = now;
    for (const [direction, since] of this.held) {
      if (now - since >= HOLD_MS) this.move(direction, SPEED * seconds);
    }
    this.frame = this.held.size > 0 ? window.requestAnimationFrame(this.tick) : 0;
  };

  private move(direction: Direction, share: number): void {
    const view = this.target.view();
    const angle = view.fov * share;
    const { min, max } = this.limits();
    switch (direction) {
      case "left":
        view.yaw = wrapYaw(view.yaw - angle);
        break;
      case "right":
        view.yaw = wrapYaw(view.yaw + angle);
        break;
      case "up":
        view.pitch = clamp(view.pitch + angle, -90, 90);
        break;
      case "down":
        view.pitch = clamp(view.pitch - angle, -90, 90);
        break;
      case "nearer":
        view.fov = clamp(view.fov - angle, min, max);
        break;
      case "wider":
        view.fov = clamp(view.fov + angle, min, max);
        break;
    }
    this.target.rotate(view);
  }
}
