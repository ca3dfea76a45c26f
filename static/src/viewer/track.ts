import { between, type View } from "./document";

/** Longer than this between two frames is a pause, not the pace of the frames. */
const PAUSE_MS = 500;
/** The pace of the frames until it is known: ten a second. */
const USUAL_MS = 100;
const LEAST_MS = 50;
const MOST_MS = 300;
/** A way takes this much longer than the frames are apart, so that the next frame comes before it ends. */
const SLACK = 1.15;

/**
 * The way that a followed view takes: from where it was to the newest frame, in about the time between two frames.
 *
 * Nothing is ever ahead of what the guide showed, every step begins where the last one was, and a way that no newer
 * frame replaces ends exactly on its frame. Instants are of a steady clock (performance.now()), in milliseconds.
 */
export class Track {
  private from: View;
  private to: View;
  private started: number;
  private length = 0;
  private frameTime: number | null = null;
  private pace = USUAL_MS;

  constructor(view: View, now: number) {
    this.from = view;
    this.to = view;
    this.started = now;
  }

  /** Takes a newer frame: `t` is the instant when the guide looked there. */
  aim(view: View, t: number, now: number): void {
    const gap = this.frameTime === null ? Number.POSITIVE_INFINITY : t - this.frameTime;
    this.frameTime = t;
    if (gap <= PAUSE_MS) this.pace += (gap - this.pace) * 0.2;
    this.from = this.at(now);
    this.to = view;
    this.started = now;
    const apart = gap <= PAUSE_MS ? gap : this.pace;
    this.length = Math.min(MOST_MS, Math.max(LEAST_MS, apart)) * SLACK;
  }

  /** Is there at once, as after a change of scene. */
  jump(view: View, now: number): void {
    this.from = view;
    this.to = view;
    this.started = now;
    this.length = 0;
  }

  at(now: number): View {
    if (this.rests(now)) return { yaw: this.to.yaw, pitch: this.to.pitch, fov: this.to.fov };
    return between(this.from, this.to, (now - this.started) / this.length);
  }

  /** True when the newest frame is reached. */
  rests(now: number): boolean {
    return now - this.started >= this.length;
  }
}
