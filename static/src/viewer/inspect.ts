/**
 * `window.tourserver` on the pages of a tour: what is on screen and what is held, to be read by tests and support.
 * Read-only; nothing can be done with it that the page's own buttons do not do.
 */
import type { SceneView } from "./document";
import type { SphereFacts } from "./sphere";
import type { TourViewer } from "./tour";

export interface TourInspection {
  /** The scene on screen; null before the first one and while the tour is closed. */
  readonly scene: string | null;
  readonly view: SceneView | null;
  readonly sphere: SphereFacts | null;
  /** Colours [red, green, blue] of count × count places of the next frame, row by row. */
  sample(count: number): Promise<number[][]>;
}

export function exposeTour(viewer: () => TourViewer | null): void {
  const inspection: TourInspection = Object.freeze({
    get scene() {
      return viewer()?.scene?.id ?? null;
    },
    get view() {
      return viewer()?.view() ?? null;
    },
    get sphere() {
      return viewer()?.facts() ?? null;
    },
    async sample(count: number) {
      const shown = await viewer()?.snapshot();
      if (!shown) return [];
      const small = document.createElement("canvas");
      small.width = count;
      small.height = count;
      const context = small.getContext("2d");
      context?.drawImage(shown, 0, 0, count, count);
      const { data } = context?.getImageData(0, 0, count, count) ?? { data: [] };
      return Array.from({ length: count * count }, (_none, at) => [...data.slice(at * 4, at * 4 + 3)]);
    },
  });
  Object.defineProperty(window, "tourserver", { value: inspection, configurable: true });
}
