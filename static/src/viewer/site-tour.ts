/**
 * The tour on a site's public page (templates/sites/show.html).
 *
 * The poster takes neither touch nor wheel. Only "Walk the tour" puts the viewer in its place; Esc or Close takes it
 * away again, and then the next live tour's Register is the page's filled button.
 */
import { announce } from "../dom";
import { _ } from "../i18n";
import { fromFragment, toFragment } from "./deeplink";
import { findScene, firstScene, isReady, type SceneView, type TourDocument } from "./document";
import { make } from "./dom";
import { exposeTour } from "./inspect";
import { TourList } from "./list";
import { SiteBar } from "./site-bar";
import { watchTiling } from "./tiling";
import type { TourViewer } from "./tour";
import { canDrawPanoramas } from "./webgl";

/** The address follows the view this much later: browsers refuse to change it too often. */
const ADDRESS_MS = 500;

export class SiteTour {
  private readonly list: TourList;
  private readonly stage: HTMLElement;
  private readonly walkButton: HTMLButtonElement | null;
  private readonly host = make("div", "tour-host");
  private readonly bar: SiteBar;
  private readonly trouble = make("p", "notice notice--warning");
  private viewer: TourViewer | null = null;
  private opening = false;
  /** Where the tour begins, or goes on after it was closed. */
  private at: SceneView | null = null;
  private addressTimer = 0;

  constructor(
    private readonly section: HTMLElement,
    private tour: TourDocument,
  ) {
    const stage = section.querySelector<HTMLElement>("[data-tour-stage]");
    const places = section.querySelector<HTMLElement>("[data-tour-places]");
    if (!stage || !places) throw new Error("the page has no place for its tour");
    this.stage = stage;
    this.walkButton = section.querySelector("[data-tour-walk]");
    const here = make("div", "tour-here");
    places.after(here);
    const actions = {
      onScene: (id: string) => void this.walk(id),
      onHotspot: (...chosen: Parameters<TourViewer["open"]>) => this.viewer?.open(...chosen),
    };
    this.list = new TourList(here, tour, actions, 2, places);
    this.bar = new SiteBar(this.host, section, tour, {
      close: () => this.close(),
      visit: (id) => void this.walk(id),
    });
  }

  /** Makes the page's parts work. */
  start(): void {
    this.section.querySelector("[data-tour-start]")?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.walk();
    });
    this.section.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !this.viewer) return;
      event.preventDefault();
      if (this.bar.isFull) this.bar.toggleFull();
      else this.close();
    });
    // Who points at the button will press it: half a second is won.
    this.walkButton?.addEventListener("pointerenter", () => void this.fetchCode().catch(() => undefined), {
      once: true,
    });
    window.addEventListener("hashchange", () => this.readAddress());
    this.readAddress();
    exposeTour(() => this.viewer);
    const address = this.section.dataset.document ?? `${location.pathname.replace(/\/+$/, "")}/tour.json`;
    watchTiling(this.tour, address, (tour) => this.update(tour));
  }

  /** Puts the viewer into the page, at a scene's start view or where the tour was left. */
  private async walk(sceneId?: string): Promise<void> {
    if (this.viewer) {
      if (sceneId) void this.viewer.visit(sceneId);
      return;
    }
    const scene = findScene(this.tour, sceneId);
    if (scene && scene.id !== this.at?.scene) this.at = { scene: scene.id, ...scene.view };
    if (this.opening) return;
    this.opening = true;
    this.walkButton?.setAttribute("aria-busy", "true");
    try {
      const { TourViewer } = await this.fetchCode();
      this.trouble.remove();
      for (const child of this.stage.children) if (child instanceof HTMLElement) child.hidden = true;
      this.stage.append(this.host);
      this.section.dataset.walking = "";
      this.viewer = new TourViewer(this.host, this.tour, {
        fromScene: this.at?.scene ?? null,
        view: this.at,
        credit: true,
        onScene: (shown) => this.list.setCurrent(shown.id),
        onView: (view) => this.moved(view),
      });
      this.bar.attach(this.viewer);
      this.viewer.picture.focus({ preventScroll: true });
      this.host.scrollIntoView({ block: "nearest" });
    } catch (error) {
      // offline, or a newer release took the file away: the page itself still has every scene in words
      console.warn(error);
      announce(
        _("The tour could not be loaded. Check the connection and try again, or read the text version."),
      );
      this.showTrouble();
    } finally {
      this.opening = false;
      this.walkButton?.removeAttribute("aria-busy");
    }
  }

  private showTrouble(): void {
    const words = _(
      "The tour could not be loaded. Check the connection and try again, or read the text version.",
    );
    this.trouble.textContent = words;
    if (!this.trouble.isConnected) this.stage.after(this.trouble);
  }

  /** The tour's own code; the library is on its way beside it, and whoever needs it tells when it does not come. */
  private fetchCode(): Promise<typeof import("./tour")> {
    if (canDrawPanoramas()) void import("./sphere").catch(() => undefined);
    return import("./tour");
  }

  /** Takes the viewer away: touch and wheel scroll the page again. */
  private close(): void {
    this.bar.detach();
    window.clearTimeout(this.addressTimer);
    this.addressTimer = 0;
    this.viewer?.destroy();
    this.viewer = null;
    this.host.remove();
    for (const child of this.stage.children) if (child instanceof HTMLElement) child.hidden = false;
    delete this.section.dataset.walking;
    this.list.clearCurrent();
    this.showPoster();
    const register = document.querySelector(".next-tour__register");
    if (register) {
      register.classList.add("button--primary");
      this.walkButton?.classList.remove("button--primary");
    }
    this.walkButton?.focus({ preventScroll: true });
    this.walkButton?.scrollIntoView({ block: "nearest" });
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
    const image = this.stage.querySelector<HTMLImageElement>("[data-tour-poster]");
    if (!scene?.poster || !image || image.getAttribute("src") === scene.poster) return;
    image.src = scene.poster;
    image.alt = scene.alternative.value;
    image.lang = scene.alternative.lang;
    image.dir = scene.alternative.dir;
  }

  private update(tour: TourDocument): void {
    this.tour = tour;
    if (!this.walkButton && tour.scenes.some(isReady)) {
      // The first picture is there: the page has its poster and its button now.
      location.reload();
      return;
    }
    this.list.update(tour);
    this.viewer?.update(tour);
    this.bar.update(tour);
    this.showProgress();
  }

  private showProgress(): void {
    const progress = this.section.querySelector<HTMLElement>("[data-tour-progress]");
    if (!progress) return;
    const { scenes } = this.tour;
    if (!scenes.some((scene) => scene.state === "tiling")) {
      progress.remove();
      return;
    }
    const done = scenes.map((scene) => (scene.state === "tiling" ? scene.percent : 100));
    const percent = Math.round(done.reduce((sum, each) => sum + each, 0) / scenes.length);
    const label = progress.querySelector("label");
    if (label) label.textContent = _("Pictures being prepared: {percent} %", { percent });
    const bar = progress.querySelector("progress");
    if (bar) bar.value = percent;
  }
}
