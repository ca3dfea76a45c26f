/**
 * The panorama itself: everything that touches Photo Sphere Viewer, and nothing else.
 *
 * Loaded on demand (`import("./sphere")`), as it brings three.js along. Keyboard, buttons, hotspots and words are
 * not its business: the library offers none that a screen reader could use.
 */
import { Cache, events, Viewer } from "@photo-sphere-viewer/core";
import { EquirectangularTilesAdapter } from "@photo-sphere-viewer/equirectangular-tiles-adapter";
import {
  cleanView,
  fovToZoom,
  MAX_FOV,
  MIN_FOV,
  type PanoramaFiles,
  tileUrl,
  toDegrees,
  toRadians,
  type View,
  wrapYaw,
  zoomToFov,
} from "./document";
import { SCENE_MS } from "./motion";

// Decoded pictures of this many scenes stay in memory: phones end a tab that keeps more.
Cache.maxItems = 4;

export interface SphereEvents {
  /** The view changed, by whom ever. */
  onMove(view: View): void;
  /** A frame was drawn: what lies above the picture can be put in its place. */
  onRender(view: View, width: number, height: number): void;
  /** The graphics processor was taken away (true) or given back (false). */
  onContext(lost: boolean): void;
}

export class Sphere {
  private readonly psv: Viewer;
  private readonly ghost = document.createElement("canvas");
  private drawn: (() => void) | null = null;
  private ghostTimer = 0;

  constructor(parent: HTMLElement, view: View, report: SphereEvents) {
    this.psv = new Viewer({
      container: parent,
      adapter: EquirectangularTilesAdapter.withConfig({ baseBlur: false, showErrorTile: false }),
      navbar: false,
      keyboard: false,
      canvasBackground: "#0d1412",
      minFov: MIN_FOV,
      maxFov: MAX_FOV,
      defaultYaw: toRadians(view.yaw),
      defaultPitch: toRadians(view.pitch),
      defaultZoomLvl: fovToZoom(view.fov),
      moveInertia: 0.8,
    });
    // The library only writes a message over the picture when graphics fail.
    if (!this.psv.renderer) throw new Error("the panorama viewer could not start");
    this.ghost.className = "tv-ghost";
    this.ghost.hidden = true;
    this.psv.container.append(this.ghost);
    const moved = () => report.onMove(this.view());
    this.psv.addEventListener(events.PositionUpdatedEvent.type, moved);
    this.psv.addEventListener(events.ZoomUpdatedEvent.type, moved);
    this.psv.addEventListener(events.RenderEvent.type, () => {
      this.drawn?.();
      const { width, height } = this.psv.getSize();
      report.onRender(this.view(), width, height);
    });
    const canvas = this.canvas();
    canvas?.setAttribute("aria-hidden", "true");
    canvas?.addEventListener("webglcontextlost", () => report.onContext(true));
    canvas?.addEventListener("webglcontextrestored", () => {
      report.onContext(false);
      this.psv.needsUpdate();
    });
  }

  /** What lies over the picture goes in here, so that a drag or a wheel that begins on it still turns the picture. */
  get overlayParent(): HTMLElement {
    return this.psv.container;
  }

  view(): View {
    const position = this.psv.getPosition();
    return {
      yaw: wrapYaw(toDegrees(position.yaw)),
      pitch: toDegrees(position.pitch),
      fov: zoomToFov(this.psv.getZoomLevel()),
    };
  }

  /** Turns at once, without any movement of the library's own. */
  rotate(view: View): void {
    const wanted = cleanView(view);
    this.psv.rotate({ yaw: toRadians(wanted.yaw), pitch: toRadians(wanted.pitch) });
    this.psv.zoom(fovToZoom(wanted.fov));
  }

  /** Ends what is left of a drag's swing, so that it does not pull against whoever turns the picture next. */
  halt(): void {
    // Left out of the type definitions only.
    (this.psv as unknown as { stopAll(): Promise<unknown> }).stopAll();
  }

  /** Draws again, also when nothing moved: for what lies above the picture. */
  redraw(): void {
    this.psv.needsUpdate();
  }

  /**
   * Brings the small whole picture of a scene near, without showing it.
   *
   * The scene on screen stays whole and usable meanwhile. Throws when the picture cannot be had, or `AbortError`.
   */
  async preload(files: PanoramaFiles, signal: AbortSignal): Promise<void> {
    if (Cache.get(files.base, files.base)) return;
    const response = await fetch(files.base, { signal });
    if (!response.ok) throw new Error(`${files.base} answered ${response.status}`);
    const blob = await response.blob();
    // A broken picture must be noticed here, before the scene on screen is touched.
    (await createImageBitmap(blob)).close();
    Cache.add(files.base, files.base, blob);
  }

  /**
   * Shows a scene that was preloaded, looking at `view`; the old one fades away unless `cut`.
   *
   * The library's own transition is not used: it keeps two scenes at once and takes the tiles of the old one along
   * on some phones. Here the old scene is a still that fades over the new one, so the new one is exact at once.
   */
  async swap(files: PanoramaFiles, view: View, cut: boolean): Promise<void> {
    const wanted = cleanView(view);
    if (!cut && this.psv.state.ready) await this.freeze();
    this.halt();
    try {
      await this.psv.setPanorama(
        {
          baseUrl: files.base,
          levels: files.levels.map(({ width, cols, rows }) => ({ width, cols, rows })),
          tileUrl: (col: number, row: number, level: number) => tileUrl(files, level, col, row),
        },
        {
          position: { yaw: toRadians(wanted.yaw), pitch: toRadians(wanted.pitch) },
          zoom: fovToZoom(wanted.fov),
          transition: false,
          showLoader: false,
        },
      );
    } finally {
      this.thaw();
    }
  }

  destroy(): void {
    window.clearTimeout(this.ghostTimer);
    this.psv.destroy();
  }

  private canvas(): HTMLCanvasElement | null {
    return this.psv.container.querySelector<HTMLCanvasElement>(".psv-canvas");
  }

  /** Lays a still of what is on screen over the picture. It can only be taken just after a frame was drawn. */
  private freeze(): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        window.clearTimeout(timer);
        this.drawn = null;
        resolve();
      };
      // A hidden tab draws no frames, and must not hold the scene up.
      const timer = window.setTimeout(finish, 120);
      this.drawn = () => {
        const source = this.canvas();
        const context = this.ghost.getContext("2d");
        if (source && context) {
          this.ghost.width = source.width;
          this.ghost.height = source.height;
          context.drawImage(source, 0, 0);
          window.clearTimeout(this.ghostTimer);
          this.ghost.classList.remove("tv-ghost--gone");
          this.ghost.hidden = false;
        }
        finish();
      };
      this.psv.needsUpdate();
    });
  }

  private thaw(): void {
    if (this.ghost.hidden) return;
    window.clearTimeout(this.ghostTimer);
    this.ghost.classList.add("tv-ghost--gone");
    this.ghostTimer = window.setTimeout(() => {
      this.ghost.hidden = true;
      this.ghost.width = 0;
      this.ghost.height = 0;
    }, SCENE_MS);
  }
}
