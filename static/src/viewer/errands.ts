/** Asking for scenes, one after another: the latest wish wins, and an earlier one can never come up after it. */
import { cleanView, type Scene, type View } from "./document";

export interface Errand {
  readonly scene: Scene;
  /** Where to look; may still change while the scene is on its way. */
  view: View;
  /** Aborted when a later wish takes its place. */
  readonly signal: AbortSignal;
}

interface Wish extends Errand {
  abort: AbortController;
  done: ((shown: boolean) => void)[];
}

export class Errands {
  private wish: Wish | null = null;
  private running = false;

  /**
   * `carryOut` brings a scene on screen and answers whether it did; it should look at `isWanted()` after every
   * wait. What it throws for a scene that is still wanted goes to `failed`.
   */
  constructor(
    private readonly carryOut: (errand: Errand) => Promise<boolean>,
    private readonly failed: (errand: Errand, error: unknown) => void,
  ) {}

  /** The scene that is on its way, if any. */
  get wanted(): Scene | null {
    return this.wish?.scene ?? null;
  }

  isWanted(errand: Errand): boolean {
    return this.wish === errand;
  }

  /** Wishes for a scene; answers whether it came. Wishing again for the same scene only changes where to look. */
  ask(scene: Scene, view: View | null): Promise<boolean> {
    const same = this.wish?.scene.id === scene.id ? this.wish : null;
    if (!same) this.drop();
    return new Promise((done) => {
      if (same) {
        if (view) same.view = cleanView(view);
        same.done.push(done);
        return;
      }
      const abort = new AbortController();
      const wanted = cleanView(view ?? scene.view);
      this.wish = { scene, view: wanted, signal: abort.signal, abort, done: [done] };
      void this.run();
    });
  }

  /** Gives up what is on its way. */
  drop(): void {
    const { wish } = this;
    this.wish = null;
    wish?.abort.abort();
    this.settle(wish, false);
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (let wish = this.wish; wish; wish = this.wish) {
      let shown = false;
      try {
        shown = await this.carryOut(wish);
      } catch (error) {
        if (this.wish === wish) this.failed(wish, error);
      }
      if (this.wish === wish) this.wish = null;
      this.settle(wish, shown);
    }
    this.running = false;
  }

  private settle(wish: Wish | null, shown: boolean): void {
    for (const done of wish?.done.splice(0) ?? []) done(shown);
  }
}
