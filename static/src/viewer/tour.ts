/**
 * The tour in a page: a picture to look around in, its hotspots, keys, buttons and words.
 *
 * Photo Sphere Viewer comes in by `import("./sphere")` when the first scene is shown, so this module may be part of
 * a page's first load. Where it cannot run, the scene's still and words take its place and everything else works.
 */
import { arrivalView } from "./arrival";
import {
  angleBetween,
  between,
  cleanView,
  findScene,
  firstScene,
  type Hotspot,
  isReady,
  kindOf,
  limitsOf,
  type Scene,
  type SceneView,
  type TourDocument,
  type View,
} from "./document";
import { Emitter } from "./emitter";
import { type Errand, Errands } from "./errands";
import { TourFrame } from "./frame";
import { glide, prefersReducedMotion, SCENE_MS } from "./motion";
import { Scenery } from "./scenery";
import type { Sphere, SphereFacts } from "./sphere";
import { type Direction, Steering } from "./steering";
import type { Input, TourEvents, TourViewerOptions } from "./tour-events";

export type { Input, TourEvents, TourViewerOptions } from "./tour-events";

export class TourViewer extends Emitter<TourEvents> {
  private readonly frame: TourFrame;
  private readonly steering: Steering;
  private readonly errands = new Errands(
    (errand) => this.carryOut(errand),
    (errand, error) => this.failed(errand, error),
  );
  private readonly scenery: Scenery;
  private destroyed = false;
  private current: Scene | null = null;
  private pose: SceneView;
  /** False while the sphere's own view is not the tour's: no scene yet, or one is being exchanged. */
  private settled = false;
  private stopGlide: () => void = () => undefined;

  constructor(
    container: HTMLElement,
    private tour: TourDocument,
    private readonly options: TourViewerOptions = {},
  ) {
    super();
    const first = firstScene(tour, options.fromScene);
    const view = cleanView(options.view ?? first?.view ?? { yaw: 0, pitch: 0, fov: 70 });
    this.pose = { scene: first?.id ?? "", ...view };
    this.steering = new Steering(
      { view: () => this.view(), rotate: (to) => this.rotate(to) },
      () => this.still,
      () => limitsOf(this.current),
    );
    this.frame = this.build(container);
    this.scenery = new Scenery(this.frame, {
      tour: () => this.tour,
      here: () => this.current && { scene: this.current, view: this.view() },
      onMove: (at) => this.settled && this.moved(at),
      onUnavailable: (reason) => this.emit("unavailable", { reason }),
    });
    if (options.onScene) this.on("scene", ({ scene, view: at }) => options.onScene?.(scene, at));
    if (options.onView) this.on("view", options.onView);
    if (options.onHotspot) this.on("hotspot", ({ hotspot, scene }) => options.onHotspot?.(hotspot, scene));
    if (options.onUnavailable) this.on("unavailable", ({ reason }) => options.onUnavailable?.(reason));
    if (first) void this.show(first.id, view);
  }

  /** The scene on screen; null until the first one is there. */
  get scene(): Scene | null {
    return this.current;
  }

  /** Where the picture looks now, in degrees. */
  view(): SceneView {
    return { ...this.pose };
  }

  /** The element that takes the focus and the keys. */
  get picture(): HTMLElement {
    return this.frame.picture;
  }

  /**
   * Shows a scene, looking at `view` or its start view. The latest call wins.
   *
   * Answers true once the scene is on screen, false when there is no such scene, it could not be loaded, or a later
   * call took its place. The old scene stays usable until the new one is there. Does not count as the person's doing.
   */
  show(sceneId: string, view?: View | null): Promise<boolean> {
    const scene = findScene(this.tour, sceneId);
    if (!scene || this.destroyed) return Promise.resolve(false);
    if (this.current?.id === sceneId && this.errands.wanted === null) {
      if (view) this.rotate(view);
      return Promise.resolve(true);
    }
    return this.errands.ask(scene, view ?? null);
  }

  /** Like show(), because the person chose it: from the list beside the picture, say. */
  visit(sceneId: string, view?: View | null): Promise<boolean> {
    this.interrupt("visit");
    return this.show(sceneId, view);
  }

  /** Opens a hotspot for the person: goes where it leads, or tells what it is. `opener` gets the focus back. */
  open(hotspot: Hotspot, opener: HTMLElement | null = null): void {
    this.interrupt("hotspot");
    if (this.current) this.emit("hotspot", { hotspot, scene: this.current });
    if (kindOf(hotspot) === "link") {
      const to = findScene(this.tour, hotspot.to);
      if (to && this.current) void this.show(to.id, arrivalView(hotspot, this.current, to, this.view()));
      return;
    }
    this.frame.panel.open(hotspot, opener);
    this.emit("panel", { hotspot });
    // One that was chosen from the list may lie behind: what is told about should be seen.
    const view = this.view();
    if (angleBetween(view, hotspot) > view.fov * 0.45)
      this.turnTo({ yaw: hotspot.yaw, pitch: hotspot.pitch, fov: view.fov });
  }

  /** Opens what a point tells because a guide shows it: the focus stays, and it is not the person's doing. */
  reveal(hotspotId: string): boolean {
    const hotspot = this.current?.hotspots.find((one) => one.id === hotspotId);
    if (!hotspot || kindOf(hotspot) === "link") return false;
    this.frame.panel.open(hotspot, null, true);
    return true;
  }

  /** Turns to a view of the scene on screen at once, without movement. */
  rotate(view: View): void {
    if (!this.settled) return;
    if (this.sphere) this.sphere.rotate(view);
    else this.moved(cleanView(view, limitsOf(this.current)));
  }

  /** Turns to a view because the person asked for it. */
  turn(view: View, input: Input = "button"): void {
    this.interrupt(input);
    this.turnTo(view);
  }

  /** Ends every movement that the person's drag or the Home key left going. */
  halt(): void {
    this.stopGlide();
    this.steering.stop();
    this.sphere?.halt();
  }

  setHotspotsVisible(visible: boolean): void {
    this.frame.layer.element.hidden = !visible;
  }

  /** Takes a newer document; a scene that waited for its picture shows it as soon as that is there. */
  update(tour: TourDocument): void {
    this.tour = tour;
    const old = this.current;
    const scene = findScene(tour, old?.id);
    if (!scene || !old) return;
    this.current = scene;
    this.frame.name(scene);
    this.placeHotspots(scene);
    if (this.errands.wanted !== null || !this.scenery.drawable) return;
    if (!isReady(scene)) {
      this.frame.cover.unfinished(scene);
    } else if (!isReady(old) || scene.panorama.base !== old.panorama.base) {
      void this.errands.ask(scene, this.pose);
    }
  }

  /** Closes the panel of an info point; false when none was open. */
  closePanel(): boolean {
    const open = this.frame.panel.isOpen;
    this.frame.panel.close();
    return open;
  }

  destroy(): void {
    this.destroyed = true;
    this.errands.drop();
    this.halt();
    this.frame.destroy();
    this.scenery.destroy();
    this.forget();
  }

  /** What the graphics card and the caches hold; null while there is no sphere. For tests. */
  facts(): SphereFacts | null {
    return this.scenery.facts();
  }

  /** The next frame's picture; null while there is no sphere. For tests. */
  snapshot(): Promise<HTMLCanvasElement | null> {
    return this.scenery.snapshot();
  }

  private get sphere(): Sphere | null {
    return this.scenery.sphere;
  }

  private get still(): boolean {
    return this.options.reducedMotion ?? prefersReducedMotion();
  }

  private build(container: HTMLElement): TourFrame {
    const steerBy = (input: Input) => ({
      press: (direction: Direction) => {
        this.interrupt(input);
        this.steering.press(direction);
      },
      release: (direction: Direction) => this.steering.release(direction),
      releaseAll: () => this.steering.stop(),
      home: () => this.home(input),
    });
    return new TourFrame(container, {
      keys: { ...steerBy("key"), enter: () => this.openCentred() },
      controls: this.options.controls === false ? null : steerBy("button"),
      credit: this.options.credit === true,
      pointer: (input) => this.interrupt(input),
      open: (hotspot, button) => this.open(hotspot, button),
      closed: () => this.emit("panel", { hotspot: null }),
    });
  }

  private interrupt(input: Input): void {
    this.stopGlide();
    this.emit("input", input);
  }

  private home(input: Input): void {
    if (this.current) this.turn(this.current.view, input);
  }

  /** Turns there smoothly, or at once for people who asked for less movement. */
  private turnTo(view: View): void {
    this.halt();
    const from = this.view();
    if (this.still) this.rotate(view);
    else this.stopGlide = glide(SCENE_MS, (k) => this.rotate(between(from, view, k)));
  }

  private openCentred(): void {
    const { layer, picture } = this.frame;
    if (layer.centred && !layer.element.hidden) this.open(layer.centred.hotspot, picture);
  }

  private async carryOut(errand: Errand): Promise<boolean> {
    const { scene } = errand;
    const { cover } = this.frame;
    if (!this.current) cover.lay(scene);
    const { scenery } = this;
    if (scenery.drawable && isReady(scene)) {
      cover.loading(scene);
      const sphere = await scenery.prepare(errand, scene.panorama);
      if (this.destroyed) return false;
      if (sphere) {
        if (!this.errands.isWanted(errand)) return false;
        this.halt();
        this.settled = false;
        await sphere.swap(scene.panorama, errand.view, this.still, limitsOf(scene));
        if (this.destroyed) return false;
        cover.lift();
        this.arrive(errand);
        return true;
      }
    }
    if (!this.errands.isWanted(errand)) return false;
    if (scenery.drawable) {
      cover.lay(scene);
      cover.unfinished(scene);
    } else {
      this.frame.showWords(scene);
    }
    this.arrive(errand);
    return true;
  }

  private arrive({ scene, view }: Errand): void {
    this.current = scene;
    this.settled = true;
    this.frame.panel.close();
    this.frame.name(scene);
    this.placeHotspots(scene);
    this.pose = { scene: scene.id, ...cleanView(view, limitsOf(scene)) };
    this.sphere?.rotate(view);
    this.scenery.arrived();
    this.emit("scene", { scene, view: this.view() });
    this.emit("view", this.view());
  }

  private placeHotspots(scene: Scene): void {
    this.frame.layer.show(isReady(scene) ? scene.hotspots : []);
    this.sphere?.redraw();
  }

  private failed({ scene, view }: Errand, error: unknown): void {
    this.settled = this.current !== null;
    this.frame.cover.failed(scene, () => void this.show(scene.id, view));
    this.emit("error", { scene, error });
  }

  private moved(view: View): void {
    this.pose = { scene: this.pose.scene, ...view };
    this.emit("view", this.view());
  }
}
