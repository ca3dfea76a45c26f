/** How far the tiles of new pictures are: asked for all of them together, once a second while one is in work. */

export interface PictureState {
  state: "waiting" | "tiling" | "ready" | "failed";
  percent: number;
  error: string | null;
  warnings: string[];
}

const ASK_EVERY_MS = 1_000;

export class Tiling {
  private readonly watched = new Map<string, (state: PictureState) => void>();
  private timer = 0;

  constructor(private readonly url: string) {}

  /** Tells about a scene's picture until it is ready or refused. */
  watch(scene: string, told: (state: PictureState) => void): void {
    this.watched.set(scene, told);
    if (!this.timer) void this.ask();
  }

  private async ask(): Promise<void> {
    this.timer = 1;
    const response = await fetch(this.url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.ok) {
      const states = (await response.json().catch(() => ({}))) as Record<string, PictureState>;
      for (const [scene, told] of [...this.watched]) {
        const state = states[scene];
        if (!state) continue;
        if (state.state === "ready" || state.state === "failed") this.watched.delete(scene);
        told(state);
      }
    }
    this.timer = this.watched.size > 0 ? window.setTimeout(() => void this.ask(), ASK_EVERY_MS) : 0;
  }
}
