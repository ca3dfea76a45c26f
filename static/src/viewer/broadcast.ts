/** Sending the guide's view: only when it changed, never more than ten times a second, and once more at rest. */
import { type SceneView, sameView, type ViewFrame } from "./document";

/** What the broadcaster needs of a TourViewer. */
export interface Watched {
  /** The scene on screen; null until the first is there. */
  readonly scene: { id: string } | null;
  view(): SceneView;
  on(name: "view", listener: (view: SceneView) => void): () => void;
}

export interface BroadcasterOptions {
  /** Milliseconds of the server's clock, for the frames' `t`. */
  now: () => number;
  /** A frame to be sent. It may get lost on the way: a newer one follows, and the last is sent twice. */
  onFrame: (frame: ViewFrame) => void;
  /** The guide went to another scene: to be sent as the reliable command `guide.scene`. Its frame follows as well. */
  onScene?: (view: SceneView) => void;
  /** The least time between two frames, in milliseconds: 100, or 250 in the largest rooms. */
  interval?: number;
}

/** A view that did not change for this long is at rest. */
const REST_MS = 250;

export class Broadcaster {
  private interval: number;
  private lastSent: ViewFrame | null = null;
  private sentAt = Number.NEGATIVE_INFINITY;
  private scene: string | null = null;
  private timer = 0;
  private restTimer = 0;
  private stopWatching: (() => void) | null = null;

  constructor(
    private readonly viewer: Watched,
    private readonly options: BroadcasterOptions,
  ) {
    this.interval = options.interval ?? 100;
  }

  get running(): boolean {
    return this.stopWatching !== null;
  }

  /** Begins to send, with the view as it is now. Nothing happens when it runs already. */
  start(): void {
    if (this.running) return;
    this.stopWatching = this.viewer.on("view", () => this.changed());
    this.sendNow();
  }

  stop(): void {
    this.stopWatching?.();
    this.stopWatching = null;
    window.clearTimeout(this.timer);
    window.clearTimeout(this.restTimer);
    this.timer = 0;
    this.restTimer = 0;
    this.lastSent = null;
    this.scene = null;
  }

  /** Sends the view even if it did not change, as after the line was broken; within the same rate. */
  sendNow(): void {
    if (!this.running) return;
    this.lastSent = null;
    this.changed();
  }

  /** The server asks for another rate, in milliseconds between two frames. */
  setInterval(interval: number): void {
    this.interval = interval;
  }

  private changed(): void {
    // Before the first scene is there the view is only a plan.
    if (this.viewer.scene === null) return;
    const view = this.viewer.view();
    if (view.scene !== this.scene) {
      this.scene = view.scene;
      this.options.onScene?.(view);
    }
    if (this.timer) return;
    const wait = this.sentAt + this.interval - performance.now();
    // A timer may ring a fraction early, and the server counts.
    if (wait <= 0) this.flush();
    else this.timer = window.setTimeout(() => this.flush(), Math.ceil(wait) + 1);
  }

  private flush(): void {
    this.timer = 0;
    const view = this.viewer.view();
    if (this.lastSent !== null && sameView(this.lastSent, view)) return;
    this.send(view);
    window.clearTimeout(this.restTimer);
    this.restTimer = window.setTimeout(() => this.repeat(), Math.max(REST_MS, this.interval + 1));
  }

  private repeat(): void {
    this.restTimer = 0;
    if (!this.timer) this.send(this.viewer.view());
  }

  private send(view: SceneView): void {
    this.sentAt = performance.now();
    this.lastSent = { ...view, t: Math.round(this.options.now()) };
    this.options.onFrame(this.lastSent);
  }
}
