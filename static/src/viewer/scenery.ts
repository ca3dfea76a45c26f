/** Bringing scenes onto the sphere: the library's code on first use, the picture, and what may be wanted next. */
import { likelyNext } from "./ahead";
import { fetchPicture } from "./cache";
import { isReady, type PanoramaFiles, type Scene, type TourDocument, type View } from "./document";
import type { Errand } from "./errands";
import type { TourFrame } from "./frame";
import { Preloader } from "./preloader";
import type { Sphere, SphereFacts } from "./sphere";
import { canDrawPanoramas } from "./webgl";

export interface SceneryHooks {
  tour(): TourDocument;
  /** The scene on screen and where it looks; null before the first. */
  here(): { scene: Scene; view: View } | null;
  onMove(view: View): void;
  /** No panorama can be drawn in this browser. */
  onUnavailable(reason: unknown): void;
}

export class Scenery {
  sphere: Sphere | null = null;
  /** False once it is known that this browser draws no panorama. */
  drawable = true;
  private destroyed = false;
  private readonly preloader = new Preloader(
    () => this.next(),
    () => this.sphere?.busy !== false,
  );

  constructor(
    private readonly frame: TourFrame,
    private readonly hooks: SceneryHooks,
  ) {}

  /**
   * Fetches an errand's picture and the library, side by side: a fast line is not to wait for one after the other.
   *
   * Answers null when this browser can draw no panorama.
   */
  async prepare(errand: Errand, files: PanoramaFiles): Promise<Sphere | null> {
    this.preloader.stop();
    if (this.sphere) {
      await this.sphere.preload(files, errand.signal);
      return this.sphere;
    }
    if (!canDrawPanoramas()) return this.refuse(new Error("WebGL 2 is missing"));
    const picture = fetchPicture(files.base, files.base, errand.signal);
    // It is awaited below; until then its failure is not nobody's.
    picture.catch(() => undefined);
    // Code that does not come over a bad line is no missing ability: it may be tried again.
    const module = await import("./sphere");
    if (this.destroyed) return null;
    const sphere = this.make(module, errand.view);
    if (sphere) await picture;
    return sphere;
  }

  /** A scene came on screen: what may follow it is fetched when the line is free. */
  arrived(): void {
    this.preloader.wake();
  }

  facts(): SphereFacts | null {
    return this.sphere?.facts() ?? null;
  }

  /** A copy of the next frame: its pixels are gone as soon as it is on screen. */
  snapshot(): Promise<HTMLCanvasElement | null> {
    const { sphere } = this;
    if (!sphere) return Promise.resolve(null);
    return new Promise((resolve) =>
      sphere.onceDrawn((canvas) => {
        const copy = document.createElement("canvas");
        copy.width = canvas.width;
        copy.height = canvas.height;
        copy.getContext("2d")?.drawImage(canvas, 0, 0);
        resolve(copy);
      }),
    );
  }

  destroy(): void {
    this.destroyed = true;
    this.preloader.stop();
    this.sphere?.destroy();
    this.sphere = null;
  }

  private make(module: typeof import("./sphere"), view: View): Sphere | null {
    const { layer, cover, picture } = this.frame;
    try {
      this.sphere = new module.Sphere(picture, view, {
        onMove: (at) => this.hooks.onMove(at),
        onRender: (at, width, height) => layer.place(at, width, height),
        onContext: (lost) => (lost ? cover.interrupted() : cover.quiet()),
        onIdle: () => this.preloader.wake(),
      });
      this.sphere.overlayParent.append(layer.element);
      return this.sphere;
    } catch (reason) {
      return this.refuse(reason);
    }
  }

  private refuse(reason: unknown): null {
    this.drawable = false;
    this.frame.useWords();
    this.hooks.onUnavailable(reason);
    return null;
  }

  private next() {
    const here = this.hooks.here();
    const { sphere } = this;
    return here && sphere && isReady(here.scene)
      ? likelyNext(this.hooks.tour(), here.scene, here.view, sphere.size)
      : [];
  }
}
