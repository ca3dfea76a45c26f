/** What stands on the corners of a walked tour: share, map, turning by the device, full screen, close; the compass. */
import { _ } from "../i18n";
import { Compass } from "./compass";
import { controlButton } from "./controls";
import type { Scene, SceneView, TourDocument } from "./document";
import { make } from "./dom";
import { fillScreen } from "./fullscreen";
import { canTurn, Gyroscope, type Outcome } from "./gyroscope";
import { PlanMap } from "./plan";
import { share, shareAddress } from "./share";
import type { TourViewer } from "./tour";

const NOTE_MS = 4_000;

export interface BarActions {
  close(): void;
  visit(sceneId: string): void;
}

export class SiteBar {
  private readonly bar = make("div", "tour-bar");
  private readonly note = make("p", "tour-note");
  private readonly full = controlButton("maximize", _("Full screen"));
  private readonly turn = controlButton("smartphone", _("Turn the device to look around"));
  private readonly plan: PlanMap;
  private readonly compass: Compass;
  private gyroscope: Gyroscope | null = null;
  private viewer: TourViewer | null = null;
  private leave: (() => void) | null = null;
  private noteTimer = 0;

  /** Puts itself into `host`; `section` is what fills the screen, and may name the tour's public page. */
  constructor(
    host: HTMLElement,
    private readonly section: HTMLElement,
    private tour: TourDocument,
    actions: BarActions,
  ) {
    this.plan = new PlanMap(tour, controlButton("map", _("Map of the places")), actions.visit);
    this.compass = new Compass((view) => this.viewer?.turn(view));
    const passOn = controlButton("share-2", _("Share this view"));
    passOn.addEventListener("click", () => void this.share());
    this.turn.hidden = !canTurn();
    this.turn.setAttribute("aria-pressed", "false");
    this.turn.addEventListener("click", () => void this.toggleTurning());
    // In another site's page there is nothing else to cover.
    this.full.hidden = window.parent !== window && !document.fullscreenEnabled;
    this.full.addEventListener("click", () => this.toggleFull());
    const close = controlButton("x", _("Close the tour"));
    close.addEventListener("click", () => actions.close());
    this.note.setAttribute("role", "status");
    this.bar.append(this.plan.button, this.turn, passOn, this.full, close);
    const corner = make("div", "tour-corner");
    corner.append(this.compass.element, this.plan.element);
    host.append(this.bar, corner, this.note);
  }

  /** True while the tour fills the screen. */
  get isFull(): boolean {
    return this.leave !== null;
  }

  /** A viewer was put into the page. */
  attach(viewer: TourViewer): void {
    this.viewer = viewer;
    viewer.on("scene", ({ scene }) => this.show(scene));
    viewer.on("view", (view) => this.point(view));
  }

  /** The viewer goes away. */
  detach(): void {
    this.stopTurning();
    if (this.leave) this.toggleFull();
    this.say("");
    this.viewer = null;
  }

  update(tour: TourDocument): void {
    this.tour = tour;
    this.plan.update(tour);
  }

  toggleFull(): void {
    if (this.leave) {
      this.leave();
      this.leave = null;
    } else {
      this.leave = fillScreen(this.section, () => this.leave && this.toggleFull());
    }
    const words = this.leave ? _("Leave full screen") : _("Full screen");
    const drawn = controlButton(this.leave ? "minimize" : "maximize", words);
    this.full.replaceChildren(...drawn.children);
    this.full.setAttribute("aria-label", words);
    this.full.title = words;
  }

  private show(scene: Scene): void {
    this.compass.show(scene);
    this.plan.show(scene);
  }

  private point(view: SceneView): void {
    this.compass.point(view);
    this.plan.point(view);
  }

  private async share(): Promise<void> {
    if (!this.viewer) return;
    const page = this.section.dataset.share ?? location.pathname;
    const address = shareAddress(page, this.tour, this.viewer.view());
    const outcome = await share(address, this.tour.name.value);
    if (outcome === "copied") this.say(_("The address of this view was copied."));
    if (outcome === "failed") this.say(_("Copy this address: {address}", { address }));
  }

  private async toggleTurning(): Promise<void> {
    if (!this.viewer) return;
    if (this.gyroscope) {
      this.stopTurning();
      return;
    }
    const gyroscope = new Gyroscope(this.viewer);
    this.gyroscope = gyroscope;
    this.turn.setAttribute("aria-pressed", "true");
    const outcome = await gyroscope.start();
    if (this.gyroscope !== gyroscope) gyroscope.stop();
    else this.tellTurning(outcome);
  }

  private tellTurning(outcome: Outcome): void {
    if (outcome === "on") {
      this.say(_("Turn the device to look around. Press again to stop."));
      return;
    }
    this.stopTurning();
    this.say(
      outcome === "refused"
        ? _("The browser may not read how the device turns. Allow motion for this page in its settings.")
        : _("This device doesn't tell how it is turned."),
    );
  }

  private stopTurning(): void {
    this.gyroscope?.stop();
    this.gyroscope = null;
    this.turn.setAttribute("aria-pressed", "false");
  }

  private say(words: string): void {
    window.clearTimeout(this.noteTimer);
    this.note.textContent = words;
    if (words) this.noteTimer = window.setTimeout(() => this.say(""), NOTE_MS + words.length * 40);
  }
}
