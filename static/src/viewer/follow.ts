/**
 * Following a guide: the picture goes where the guide's frames say, in a frame loop of our own.
 *
 * The library's animate() is never used; restarted ten times a second it stays 30° behind. While nothing moves no
 * frame is asked for.
 */
import { between, cleanView, type SceneView, type View, type ViewFrame } from "./document";
import { Emitter } from "./emitter";
import { ease, prefersReducedMotion, SCENE_MS } from "./motion";
import type { Input } from "./tour-events";
import { Track } from "./track";

export { Broadcaster, type BroadcasterOptions, type Watched } from "./broadcast";

/** People who asked for less movement get a still this often. */
export const STILL_MS = 2_000;

/** A scene that could not be loaded is not asked for again sooner than this. */
const RETRY_MS = 3_000;

/** What the follower needs of a TourViewer. */
export interface Followable {
  /** The scene on screen; null until the first is there. */
  readonly scene: { id: string } | null;
  view(): SceneView;
  show(sceneId: string, view?: View | null): Promise<boolean>;
  rotate(view: View): void;
  halt(): void;
  on(name: "input", listener: (by: Input) => void): () => void;
}

export interface FollowerOptions {
  /** Milliseconds of the server's clock; only lag() uses it, so that following works with a clock that is wrong. */
  now: () => number;
  /** Overrides the person's own setting. */
  reducedMotion?: boolean;
  /** Following began or ended: "Following the guide", or [Back to the guide]. */
  onChange?: (following: boolean) => void;
}

export class Follower extends Emitter<{ change: boolean }> {
  private last: ViewFrame | null = null;
  private track: Track | null = null;
  private isFollowing: boolean;
  private loading: string | null = null;
  private refused: { scene: string; at: number } | null = null;
  private frame = 0;
  private cutTimer = 0;
  private cutAt = Number.NEGATIVE_INFINITY;
  private glide: { from: View; started: number } | null = null;
  private readonly stopListening: () => void;

  /** Follows from the first frame on, unless `following` is false. */
  constructor(
    private readonly viewer: Followable,
    private readonly options: FollowerOptions,
    following = true,
  ) {
    super();
    this.isFollowing = following;
    this.stopListening = viewer.on("input", () => this.freeLook());
    if (options.onChange) this.on("change", options.onChange);
  }

  get following(): boolean {
    return this.isFollowing;
  }

  /** The newest frame of the guide, also in free look; null before the first. */
  get latest(): ViewFrame | null {
    return this.last;
  }

  /** How long ago the guide looked where the newest frame says, in milliseconds; null before the first. */
  lag(): number | null {
    return this.last === null || !Number.isFinite(this.last.t) ? null : this.options.now() - this.last.t;
  }

  /** Takes a frame of the guide. One that is not newer than the last is ignored: answers false then. */
  push(frame: ViewFrame): boolean {
    if (this.last !== null && frame.t <= this.last.t) return false;
    this.last = { ...frame, ...cleanView(frame) };
    if (this.isFollowing) this.pursue();
    return true;
  }

  /**
   * Takes the reliable word that the guide went to a scene (event `guide.scene`, `at` its instant).
   *
   * Frames of that scene are often here before it; then it tells nothing new and must not turn the view back.
   */
  pushScene(view: SceneView, at: number): boolean {
    if (this.last?.scene === view.scene) return false;
    return this.push({ ...view, t: Math.max(at, (this.last?.t ?? at - 1) + 1) });
  }

  /** Another guide took over, with another clock: whatever comes next is newer. */
  forgetClock(): void {
    if (this.last) this.last = { ...this.last, t: Number.NEGATIVE_INFINITY };
  }

  /** Stops following; the guide's frames are kept for the way back. */
  freeLook(): void {
    if (!this.isFollowing) return;
    this.isFollowing = false;
    this.rest();
    this.emit("change", false);
  }

  /** Back to the guide: a short smooth way, or a cut for those who asked for less movement. */
  resume(): void {
    if (this.isFollowing) return;
    this.isFollowing = true;
    this.viewer.halt();
    this.cutAt = Number.NEGATIVE_INFINITY;
    if (this.last) {
      const now = performance.now();
      this.track?.jump(this.last, now);
      if (!this.still && this.viewer.scene?.id === this.last.scene) {
        this.glide = { from: this.viewer.view(), started: now };
      }
      this.pursue();
    }
    this.emit("change", true);
  }

  destroy(): void {
    this.rest();
    this.stopListening();
    this.forget();
  }

  private get still(): boolean {
    return this.options.reducedMotion ?? prefersReducedMotion();
  }

  /** Goes after the newest frame by the means that fit: another scene, a still, or a way. */
  private pursue(): void {
    const target = this.last;
    if (!target) return;
    if (this.loading !== null || this.viewer.scene?.id !== target.scene) {
      void this.load(target);
      return;
    }
    const now = performance.now();
    if (this.still) {
      this.cutSoon(now);
      return;
    }
    this.track ??= new Track(this.viewer.view(), now);
    this.track.aim(target, target.t, now);
    this.run();
  }

  /** The scene comes first, then the newest view of it, as frames went on coming meanwhile. */
  private async load(target: ViewFrame): Promise<void> {
    if (this.loading === target.scene) return;
    const { refused } = this;
    if (refused?.scene === target.scene && performance.now() - refused.at < RETRY_MS) return;
    this.loading = target.scene;
    this.pause();
    const shown = await this.viewer.show(target.scene, target);
    if (this.loading !== target.scene) return;
    this.loading = null;
    this.refused = shown ? null : { scene: target.scene, at: performance.now() };
    if (!shown || !this.isFollowing || !this.last) return;
    const now = performance.now();
    if (this.last.scene === target.scene) {
      this.viewer.rotate(this.last);
      this.track ??= new Track(this.last, now);
      this.track.jump(this.last, now);
      this.cutAt = now;
    } else {
      this.pursue();
    }
  }

  private cutSoon(now: number): void {
    if (this.cutTimer) return;
    const wait = Math.max(0, this.cutAt + STILL_MS - now);
    const cut = () => {
      this.cutTimer = 0;
      this.cutAt = performance.now();
      if (this.last && this.isFollowing) this.viewer.rotate(this.last);
    };
    if (wait === 0) cut();
    else this.cutTimer = window.setTimeout(cut, wait);
  }

  private run(): void {
    if (!this.frame) this.frame = window.requestAnimationFrame(this.tick);
  }

  private readonly tick = (): void => {
    this.frame = 0;
    const { track } = this;
    if (!track || !this.isFollowing || this.loading !== null) return;
    const now = performance.now();
    let view = track.at(now);
    if (this.glide) {
      const k = (now - this.glide.started) / SCENE_MS;
      if (k >= 1) this.glide = null;
      else view = between(this.glide.from, view, ease(k));
    }
    this.viewer.rotate(view);
    if (this.glide || !track.rests(now)) this.run();
  };

  private pause(): void {
    window.cancelAnimationFrame(this.frame);
    window.clearTimeout(this.cutTimer);
    this.frame = 0;
    this.cutTimer = 0;
    this.glide = null;
  }

  private rest(): void {
    this.pause();
    this.loading = null;
  }
}
