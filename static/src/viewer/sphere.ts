/**
 * The panorama itself: everything that touches Photo Sphere Viewer, and nothing else.
 *
 * Loaded on demand (`import("./sphere")`), as it brings three.js along. Keyboard, buttons, hotspots and words are
 * not its business: the library offers none that a screen reader could use.
 */
import { Cache, events, Viewer } from "@photo-sphere-viewer/core";
import { EquirectangularTilesAdapter } from "@photo-sphere-viewer/equirectangular-tiles-adapter";
import { fetchPicture, pictures } from "./cache";
import {
  cleanView,
  fovToZoom,
  type Limits,
  type PanoramaFiles,
  tileUrl,
  toDegrees,
  toRadians,
  USUAL_LIMITS,
  type View,
  wrapYaw,
  zoomToFov,
} from "./document";
import { SCENE_MS } from "./motion";
import { Tiles } from "./tiles";

// The library would keep every decoded tile of ten scenes for ten minutes: phones end a tab that does. The browser
// has the files anyway; only what was fetched ahead is kept, and that is bounded.
Cache.get = (url, key) => pictures.get(url, key) as Blob;
Cache.add = (url, key, data) => {
  if (data instanceof Blob) pictures.add(url, key, data);
};
Cache.remove = () => undefined;
Cache.purge = () => undefined;

export interface SphereEvents {
  /** The view changed, by whom ever. */
  onMove(view: View): void;
  /** A frame was drawn: what lies above the picture can be put in its place. */
  onRender(view: View, width: number, height: number): void;
  /** The graphics processor was taken away (true) or given back (false). */
  onContext(lost: boolean): void;
  /** No tile of the view is waited for: it is as sharp as it gets. */
  onIdle(): void;
}

/** What the graphics card and the caches hold, to be read by tests. */
export interface SphereFacts {
  /** Addresses of the base picture and the tiles on the sphere. */
  shown: string[];
  textures: number;
  geometries: number;
  /** Base pictures' addresses of the scenes that something was fetched ahead of. */
  ahead: string[];
  aheadBytes: number;
  /** Tiles of the view are still being waited for. */
  busy: boolean;
}

export class Sphere {
  private readonly psv: Viewer;
  private readonly ghost = document.createElement("canvas");
  private readonly tiles: Tiles;
  private afterFrame: (() => void)[] = [];
  private ghostTimer = 0;
  private limits: Limits = { ...USUAL_LIMITS };
  /** The highest level of tiles that may load; none before the scene's sphere is there. */
  private gate = -1;
  private base = "";

  constructor(parent: HTMLElement, view: View, report: SphereEvents) {
    this.psv = new Viewer({
      container: parent,
      adapter: EquirectangularTilesAdapter.withConfig({ baseBlur: false, showErrorTile: false }),
      navbar: false,
      keyboard: false,
      canvasBackground: "#0d1412",
      minFov: this.limits.min,
      maxFov: this.limits.max,
      defaultYaw: toRadians(view.yaw),
      defaultPitch: toRadians(view.pitch),
      defaultZoomLvl: fovToZoom(view.fov),
      moveInertia: 0.8,
    });
    // The library only writes a message over the picture when graphics fail.
    if (!this.psv.renderer) throw new Error("the panorama viewer could not start");
    this.tiles = new Tiles(adapterOf(this.psv), () => this.idle(report));
    this.ghost.className = "tv-ghost";
    this.ghost.hidden = true;
    this.psv.container.append(this.ghost);
    const moved = () => report.onMove(this.view());
    this.psv.addEventListener(events.PositionUpdatedEvent.type, moved);
    this.psv.addEventListener(events.ZoomUpdatedEvent.type, moved);
    this.psv.addEventListener(events.RenderEvent.type, () => {
      for (const step of this.afterFrame.splice(0)) step();
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
      fov: zoomToFov(this.psv.getZoomLevel(), this.limits),
    };
  }

  get size(): { width: number; height: number } {
    return this.psv.getSize();
  }

  /** True while tiles of the view on screen are waited for. */
  get busy(): boolean {
    return this.tiles.busy;
  }

  /** Turns at once, without any movement of the library's own. */
  rotate(view: View): void {
    const wanted = cleanView(view, this.limits);
    this.psv.rotate({ yaw: toRadians(wanted.yaw), pitch: toRadians(wanted.pitch) });
    this.psv.zoom(fovToZoom(wanted.fov, this.limits));
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
    // The line belongs to the scene that is asked for.
    this.tiles.hold();
    try {
      await fetchPicture(files.base, files.base, signal);
    } catch (error) {
      this.tiles.refresh();
      throw error;
    }
  }

  /**
   * Shows a scene that was preloaded, looking at `view`; the old one fades away unless `cut`.
   *
   * The library's own transition is not used: it keeps two scenes at once and takes the tiles of the old one along
   * on some phones. Here the old scene is a still that fades over the new one, so the new one is exact at once.
   * Tiles that were fetched ahead come first, the sharper ones of the view after them.
   */
  async swap(files: PanoramaFiles, view: View, cut: boolean, limits: Limits): Promise<void> {
    if (!cut && this.psv.state.ready) await this.freeze();
    this.halt();
    // Until the new sphere is there, the library would paint the new scene's tiles onto the old one.
    this.gate = -1;
    this.setLimits(limits);
    const wanted = cleanView(view, limits);
    const ready = () => {
      this.base = files.base;
      this.gate = this.hasTilesAhead(files) ? 0 : Number.POSITIVE_INFINITY;
    };
    this.psv.addEventListener(events.PanoramaLoadedEvent.type, ready, { once: true });
    try {
      await this.psv.setPanorama(
        {
          baseUrl: files.base,
          levels: files.levels.map(({ width, cols, rows }) => ({ width, cols, rows })),
          tileUrl: (col: number, row: number, level: number) =>
            level <= this.gate ? tileUrl(files, level, col, row) : null,
        },
        {
          position: { yaw: toRadians(wanted.yaw), pitch: toRadians(wanted.pitch) },
          zoom: fovToZoom(wanted.fov, limits),
          transition: false,
          showLoader: false,
        },
      );
    } finally {
      this.psv.removeEventListener(events.PanoramaLoadedEvent.type, ready);
      this.thaw();
    }
  }

  /** What is held at this moment. */
  facts(): SphereFacts {
    // Left out of the type definitions only.
    const { info } = (this.psv.renderer as unknown as { renderer: { info: { memory: Memory } } }).renderer;
    return {
      shown: [this.base, ...this.tiles.shown],
      textures: info.memory.textures,
      geometries: info.memory.geometries,
      ahead: pictures.keys,
      aheadBytes: pictures.bytes,
      busy: this.tiles.busy,
    };
  }

  /** Calls `step` just after the next frame was drawn: the only time at which its pixels can be read. */
  onceDrawn(step: (canvas: HTMLCanvasElement) => void): void {
    const canvas = this.canvas();
    if (canvas) this.afterFrame.push(() => step(canvas));
    this.psv.needsUpdate();
  }

  destroy(): void {
    window.clearTimeout(this.ghostTimer);
    this.psv.destroy();
  }

  /** Nothing is on its way any more: go on to the sharper tiles, or say that there are none. */
  private idle(report: SphereEvents): void {
    if (this.gate === 0) {
      this.gate = Number.POSITIVE_INFINITY;
      // Not from within the library's own counting.
      window.setTimeout(() => this.psv.state.ready && this.tiles.refresh());
    } else if (this.gate > 0) {
      report.onIdle();
    }
  }

  private setLimits(limits: Limits): void {
    if (limits.min === this.limits.min && limits.max === this.limits.max) return;
    this.limits = { ...limits };
    this.psv.setOptions({ minFov: limits.min, maxFov: limits.max });
  }

  private hasTilesAhead(files: PanoramaFiles): boolean {
    const level = files.levels[0];
    if (!level || files.levels.length < 2) return false;
    for (let col = 0; col < level.cols; col++)
      for (let row = 0; row < level.rows; row++)
        if (pictures.has(tileUrl(files, 0, col, row), files.base)) return true;
    return false;
  }

  private canvas(): HTMLCanvasElement | null {
    return this.psv.container.querySelector<HTMLCanvasElement>(".psv-canvas");
  }

  /** Lays a still of what is on screen over the picture. It can only be taken just after a frame was drawn. */
  private freeze(): Promise<void> {
    return new Promise((resolve) => {
      let late = false;
      // A hidden tab draws no frames, and must not hold the scene up.
      const timer = window.setTimeout(() => {
        late = true;
        resolve();
      }, 120);
      this.onceDrawn((source) => {
        window.clearTimeout(timer);
        const context = late ? null : this.ghost.getContext("2d");
        if (context) {
          this.ghost.width = source.width;
          this.ghost.height = source.height;
          context.drawImage(source, 0, 0);
          window.clearTimeout(this.ghostTimer);
          this.ghost.classList.remove("tv-ghost--gone");
          this.ghost.hidden = false;
        }
        resolve();
      });
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

/** Left out of the type definitions only. */
function adapterOf(psv: Viewer): EquirectangularTilesAdapter {
  return (psv as unknown as { adapter: EquirectangularTilesAdapter }).adapter;
}

interface Memory {
  textures: number;
  geometries: number;
}
