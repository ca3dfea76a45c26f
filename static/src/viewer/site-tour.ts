/**
 * The tour on a site's public page.
 *
 * The page's poster takes neither touch nor wheel. Only "Walk the tour" puts the viewer in its place; Esc or Close
 * takes it away again and makes the next live tour's Register the page's filled button.
 */
import { _ } from "../i18n";
import { controlButton } from "./controls";
import { fromFragment, toFragment } from "./deeplink";
import { findScene, firstScene, type Hotspot, isReady, type SceneView, type TourDocument } from "./document";
import { make } from "./dom";
import { coverPage } from "./fullscreen";
import { TourList } from "./list";
import { watchTiling } from "./tiling";
import type { TourViewer } from "./tour";

/** The address follows the view this much later: browsers refuse to change it too often. */
const ADDRESS_MS = 500;

export class SiteTour {
  private readonly list: TourList;
  private readonly poster: HTMLElement | null;
  private readonly stage: HTMLElement;
  private readonly walkButton: HTMLButtonElement | null;
  private readonly progress = make("p", "tour-progress");
  private viewer: TourViewer | null = null;
  private opening = false;
  /** Where the tour begins, or goes on after it was closed. */
  private at: SceneView | null = null;
  private leaveFull: (() => void) | null = null;
  private addressTimer = 0;

  constructor(
    private readonly section: HTMLElement,
    private tour: TourDocument,
  ) {
    this.poster = section.querySelector(".tour-poster");
    this.stage =
      section.querySelector<HTMLElement>(".tour-stage") ?? section.appendChild(make("div", "tour-stage"));
    this.walkButton = section.querySelector("[data-walk]");
    const places =
      section.querySelector<HTMLElement>(".tour-places") ?? section.appendChild(make("div", "tour-places"));
    this.list = new TourList(places, tour, {
      onScene: (id) => void this.walk(id),
      onHotspot: (hotspot, button) => this.openHotspot(hotspot, button),
    });
    this.progress.setAttribute("role", "status");
  }

  /** Makes the page's parts work. */
  start(): void {
    this.walkButton?.addEventListener("click", () => void this.walk());
    this.section.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !this.viewer) return;
      event.preventDefault();
      if (this.leaveFull) this.toggleFull();
      else this.close();
    });
    window.addEventListener("hashchange", () => this.readAddress());
    this.readAddress();
    this.showProgress();
    watchTiling(
      this.tour,
      this.section.dataset.document ?? `${location.pathname.replace(/\/+$/, "")}/tour.json`,
      (tour) => this.update(tour),
    );
  }

  /** Puts the viewer into the page, at a scene's start view or where the tour was left. */
  private async walk(sceneId?: string): Promise<void> {
    if (this.viewer) {
      if (sceneId) void this.viewer.visit(sceneId);
      return;
    }
    if (sceneId && sceneId !== this.at?.scene) {
      const scene = findScene(this.tour, sceneId);
      this.at = scene ? { scene: scene.id, ...scene.view } : null;
    }
    if (this.opening) return;
    this.opening = true;
    this.walkButton?.setAttribute("aria-busy", "true");
    try {
      const { TourViewer } = await import("./tour");
      this.stage.hidden = false;
      if (this.poster) this.poster.hidden = true;
      this.section.classList.add("is-walking");
      this.viewer = new TourViewer(this.stage, this.tour, {
        fromScene: this.at?.scene ?? null,
        view: this.at,
        onScene: (scene) => this.list.setCurrent(scene.id),
        onView: (view) => this.moved(view),
      });
      this.stage.append(this.bar());
      this.viewer.focus();
    } finally {
      this.opening = false;
      this.walkButton?.removeAttribute("aria-busy");
    }
  }

  /** Takes the viewer away: touch and wheel scroll the page again. */
  private close(): void {
    if (this.leaveFull) this.toggleFull();
    window.clearTimeout(this.addressTimer);
    this.viewer?.destroy();
    this.viewer = null;
    this.stage.replaceChildren();
    this.stage.hidden = true;
    this.list.clearCurrent();
    this.section.classList.remove("is-walking");
    if (this.poster) this.poster.hidden = false;
    this.showPoster();
    const register = document.querySelector("[data-register]");
    if (register) {
      register.classList.add("button--primary");
      this.walkButton?.classList.remove("button--primary");
    }
    this.walkButton?.focus({ preventScroll: true });
  }

  private openHotspot(hotspot: Hotspot, button: HTMLElement): void {
    this.viewer?.open(hotspot, button);
  }

  private bar(): HTMLElement {
    const bar = make("div", "tour-bar");
    const full = controlButton("maximize", _("Full screen"));
    full.classList.add("tour-bar__full");
    full.addEventListener("click", () => this.toggleFull());
    const close = controlButton("x", _("Close the tour"));
    close.addEventListener("click", () => this.close());
    bar.append(full, close);
    return bar;
  }

  private toggleFull(): void {
    if (this.leaveFull) {
      this.leaveFull();
      this.leaveFull = null;
    } else {
      this.leaveFull = coverPage(this.section);
    }
    const full = this.leaveFull !== null;
    const old = this.stage.querySelector<HTMLButtonElement>(".tour-bar__full");
    const words = full ? _("Leave full screen") : _("Full screen");
    const fresh = controlButton(full ? "minimize" : "maximize", words);
    old?.replaceChildren(...fresh.children);
    old?.setAttribute("aria-label", words);
    if (old) old.title = words;
  }

  private moved(view: SceneView): void {
    this.at = view;
    // One timer at a time: while the view moves the address follows twice a second, then once more.
    if (this.addressTimer) return;
    this.addressTimer = window.setTimeout(() => {
      this.addressTimer = 0;
      if (this.at) history.replaceState(history.state, "", toFragment(this.tour, this.at));
    }, ADDRESS_MS);
  }

  private readAddress(): void {
    const view = fromFragment(this.tour, location.hash);
    if (!view) return;
    this.at = view;
    if (this.viewer) void this.viewer.visit(view.scene, view);
    else this.showPoster();
  }

  /** The poster shows the scene where the tour would begin. */
  private showPoster(): void {
    const scene = firstScene(this.tour, this.at?.scene);
    const image = this.poster?.querySelector("img");
    if (!scene?.poster || !image || image.getAttribute("src") === scene.poster) return;
    image.removeAttribute("srcset");
    image.src = scene.poster;
    image.alt = scene.alternative.value;
  }

  private update(tour: TourDocument): void {
    this.tour = tour;
    this.list.update(tour);
    this.viewer?.update(tour);
    this.showProgress();
    this.showPoster();
  }

  /** While the first picture is being cut there is nothing to walk in yet, and the page says how far it is. */
  private showProgress(): void {
    const walkable = this.tour.scenes.some(isReady);
    if (this.walkButton) this.walkButton.disabled = !walkable;
    const waiting = this.tour.scenes.filter((scene) => scene.state === "tiling");
    if (walkable || waiting.length === 0) {
      this.progress.remove();
      return;
    }
    const percent = Math.round(waiting.reduce((sum, scene) => sum + scene.percent, 0) / waiting.length);
    this.progress.textContent = _("The pictures of this tour are being prepared: {percent} %", { percent });
    if (!this.progress.isConnected) (this.poster ?? this.section).append(this.progress);
  }
}
