/** The elements of the tour: the picture that takes focus and keys, what lies over it, and the buttons. */
import { _ } from "../i18n";
import { type ControlActions, controls } from "./controls";
import { Cover } from "./cover";
import type { Hotspot, Scene } from "./document";
import { freshId, make } from "./dom";
import { TextScene } from "./fallback";
import { HotspotLayer } from "./hotspots";
import { type KeyActions, listenToKeys } from "./keys";
import { InfoPanel } from "./panel";
import { watchPointers } from "./touching";

export interface FrameActions {
  keys: KeyActions;
  controls: ControlActions | null;
  /** Writes who made the picture onto it. */
  credit: boolean;
  pointer: (by: "drag" | "wheel") => void;
  open: (hotspot: Hotspot, button: HTMLElement) => void;
  /** The panel of a point was closed, by whom ever. */
  closed: () => void;
}

export class TourFrame {
  readonly root = make("div", "tv");
  readonly picture = make("div", "tv-picture");
  readonly cover = new Cover();
  readonly panel: InfoPanel;
  readonly layer: HotspotLayer;
  private readonly text = new TextScene();
  private readonly credit = make("p", "tv-credit");
  private readonly undo: (() => void)[];

  constructor(container: HTMLElement, actions: FrameActions) {
    this.layer = new HotspotLayer(actions.open);
    this.panel = new InfoPanel(() => this.picture, actions.closed);
    const help = make(
      "p",
      "visually-hidden",
      _(
        "Arrow keys look around, plus and minus zoom, Home returns to the start view, Enter opens what is in the centre.",
      ),
    );
    help.id = freshId("tv-help");
    // An application, as a screen reader would otherwise keep the arrow keys for itself.
    this.picture.tabIndex = 0;
    this.picture.setAttribute("role", "application");
    this.picture.setAttribute("aria-roledescription", _("360° picture"));
    this.picture.setAttribute("aria-label", _("360° picture"));
    this.picture.setAttribute("aria-describedby", help.id);
    this.undo = [listenToKeys(this.picture, actions.keys), watchPointers(this.picture, actions.pointer)];
    this.root.append(this.picture, this.cover.still, this.cover.status, help);
    if (actions.credit) this.root.append(this.credit);
    if (actions.controls) this.root.append(controls(actions.controls));
    this.root.append(this.panel.element);
    container.append(this.root);
  }

  /** Names the picture after the scene it shows, says who made it and whether a computer drew it. */
  name(scene: Scene): void {
    this.picture.setAttribute("aria-label", scene.title.value);
    const made = [scene.render ? _("Render") : null, scene.credit, scene.licence];
    this.credit.textContent = made.filter(Boolean).join(" · ");
    this.credit.hidden = this.credit.textContent === "";
  }

  /** Gives the picture's place to the scene's still and words, for good. */
  useWords(): void {
    this.cover.quiet();
    this.cover.still.hidden = true;
    this.picture.hidden = true;
    this.root.classList.add("tv--words");
    this.root.prepend(this.text.element);
  }

  showWords(scene: Scene): void {
    this.text.show(scene);
  }

  destroy(): void {
    this.cover.quiet();
    for (const step of this.undo) step();
    this.root.remove();
  }
}
