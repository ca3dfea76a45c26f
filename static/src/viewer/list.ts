/**
 * The tour as a list beside the picture: a button for every scene and for every hotspot of the one on screen.
 *
 * This is how a keyboard and a screen reader walk the tour. It needs no viewer, so it stands in the page before the
 * tour is started and where no panorama can be drawn.
 */

import { icon } from "../dom";
import { _ } from "../i18n";
import { findScene, type Hotspot, isReady, kindOf, type Scene, type TourDocument } from "./document";
import { freshId, make, write } from "./dom";
import { detailOf, signOf } from "./kinds";

export interface TourListActions {
  onScene: (sceneId: string) => void;
  onHotspot: (hotspot: Hotspot, button: HTMLElement) => void;
}

export class TourList {
  private readonly root = make("div", "tour-list");
  private readonly scenes: HTMLElement;
  private readonly here = make("div", "tour-list__here");
  private readonly hereTitle: HTMLHeadingElement;
  private readonly hotspots = make("ul", "tour-list__hotspots");
  private readonly live = make("p", "visually-hidden");
  private current: Scene | null = null;

  /**
   * Replaces what `container` holds. `level` is that of its headings, which must fit the page's outline.
   *
   * A page that has written its own list of scenes, with a button `[data-scene]` for each, hands it over as `own`:
   * then only the hotspots go into `container`.
   */
  constructor(
    container: HTMLElement,
    private tour: TourDocument,
    private readonly actions: TourListActions,
    level: 2 | 3 | 4 = 2,
    private readonly own: HTMLElement | null = null,
  ) {
    this.hereTitle = heading(level, _("In this place"), this.hotspots);
    this.hereTitle.tabIndex = -1;
    this.scenes = own ?? make("ul", "tour-list__scenes");
    if (!own) this.root.append(heading(level, _("Places"), this.scenes), this.scenes);
    this.scenes.addEventListener("click", this.choose);
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    this.here.append(this.hereTitle, this.hotspots);
    this.here.hidden = true;
    this.root.append(this.here, this.live);
    container.replaceChildren(this.root);
    this.drawScenes();
  }

  /** Marks the scene on screen and lists its hotspots; tells screen readers its name and text alternative. */
  setCurrent(sceneId: string, announce = true): void {
    const scene = findScene(this.tour, sceneId);
    if (!scene) return;
    const changed = scene.id !== this.current?.id;
    this.current = scene;
    this.markScenes();
    if (!changed) return;
    this.drawHotspots(scene);
    if (announce) this.say(scene);
  }

  /** No scene is on screen any more: the tour was closed. */
  clearCurrent(): void {
    this.current = null;
    this.markScenes();
    this.here.hidden = true;
    this.hotspots.replaceChildren();
    this.live.textContent = "";
  }

  /** Takes a newer document: other scenes, or more of a picture's tiles made. The focus stays where it is. */
  update(tour: TourDocument): void {
    const focused = document.activeElement;
    const sceneId =
      focused instanceof HTMLElement && this.scenes.contains(focused) ? focused.dataset.scene : null;
    this.tour = tour;
    this.drawScenes();
    if (sceneId) this.scenes.querySelector<HTMLElement>(`[data-scene="${CSS.escape(sceneId)}"]`)?.focus();
    const scene = findScene(tour, this.current?.id);
    if (!scene) return;
    this.current = scene;
    this.markScenes();
    this.drawHotspots(scene);
  }

  destroy(): void {
    this.scenes.removeEventListener("click", this.choose);
    this.root.remove();
  }

  private say(scene: Scene): void {
    this.live.lang = scene.alternative.lang;
    this.live.dir = scene.alternative.dir;
    this.live.textContent = `${scene.title.value}. ${scene.alternative.value}`;
  }

  private readonly choose = (event: Event): void => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-scene]") : null;
    if (!button?.dataset.scene) return;
    event.preventDefault();
    this.actions.onScene(button.dataset.scene);
  };

  private drawScenes(): void {
    if (this.own) {
      this.refreshOwn(this.own);
      return;
    }
    this.scenes.replaceChildren(...this.tour.scenes.map((scene) => this.sceneItem(scene)));
    this.markScenes();
  }

  /** Pictures that have been made since the page was written come into its own list. */
  private refreshOwn(own: HTMLElement): void {
    for (const scene of this.tour.scenes) {
      const button = own.querySelector(`[data-scene="${CSS.escape(scene.id)}"]`);
      const wait = button?.querySelector(".place__none");
      if (!wait) continue;
      const percent = wait.querySelector("span");
      if (percent && scene.state === "tiling") percent.textContent = `${scene.percent} %`;
      if (scene.thumb !== null) wait.replaceWith(thumbnail(scene));
    }
    this.markScenes();
  }

  private sceneItem(scene: Scene): HTMLLIElement {
    const item = make("li", "");
    const button = make("button", "tour-scene");
    button.type = "button";
    button.dataset.scene = scene.id;
    button.append(thumbnail(scene));
    const words = make("span", "tour-scene__words");
    const title = make("span", "tour-scene__title");
    write(title, scene.title);
    words.append(title);
    const state = sceneState(scene);
    if (state) words.append(make("span", "tour-scene__state", state));
    button.append(words);
    item.append(button);
    return item;
  }

  private markScenes(): void {
    for (const button of this.scenes.querySelectorAll<HTMLElement>("[data-scene]")) {
      if (button.dataset.scene === this.current?.id) button.setAttribute("aria-current", "location");
      else button.removeAttribute("aria-current");
    }
  }

  private drawHotspots(scene: Scene): void {
    // The button that was pressed goes away with its scene; the focus must not fall to the top of the page.
    const focused = document.activeElement;
    const held =
      focused instanceof HTMLElement && this.hotspots.contains(focused) ? focused.dataset.hotspot : null;
    this.here.hidden = scene.hotspots.length === 0;
    this.hotspots.replaceChildren(...scene.hotspots.map((hotspot) => this.hotspotItem(hotspot)));
    if (held === null || held === undefined) return;
    const same = this.hotspots.querySelector<HTMLElement>(`[data-hotspot="${CSS.escape(held)}"]`);
    (same ?? (this.here.hidden ? this.scenes.querySelector("button") : this.hereTitle))?.focus();
  }

  private hotspotItem(hotspot: Hotspot): HTMLLIElement {
    const item = make("li", "");
    const kind = kindOf(hotspot);
    const button = make("button", `tour-hotspot tour-hotspot--${kind}`);
    button.type = "button";
    button.dataset.hotspot = hotspot.id;
    const words = make("span", "tour-hotspot__words");
    const label = make("span", "tour-hotspot__label");
    write(label, hotspot.label);
    words.append(label);
    const detail = detailOf(hotspot);
    if (detail) words.append(make("span", "tour-hotspot__detail", detail));
    button.append(icon(kind === "link" ? "arrow-right" : signOf(hotspot)), words);
    button.addEventListener("click", () => this.actions.onHotspot(hotspot, button));
    item.append(button);
    return item;
  }
}

function heading(level: 2 | 3 | 4, words: string, list: HTMLElement): HTMLHeadingElement {
  const element = make(`h${level}`, "tour-list__title", words);
  element.id = freshId("tour-list");
  list.setAttribute("aria-labelledby", element.id);
  // Without markers some screen readers no longer take it for a list.
  list.setAttribute("role", "list");
  return element;
}

function thumbnail(scene: Scene): HTMLElement {
  if (scene.thumb === null) {
    const empty = make("span", "tour-scene__thumb tour-scene__thumb--empty");
    empty.append(icon(scene.state === "tiling" ? "hourglass" : "image"));
    return empty;
  }
  const image = make("img", "tour-scene__thumb");
  image.alt = "";
  image.loading = "lazy";
  image.width = 96;
  image.height = 54;
  image.src = scene.thumb;
  return image;
}

function sceneState(scene: Scene): string | null {
  if (isReady(scene)) return null;
  return scene.state === "tiling"
    ? _("Being prepared: {percent} %", { percent: scene.percent })
    : _("Text version only");
}
