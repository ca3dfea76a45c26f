/** What lies over the picture while there is none: the scene's still, and in words what is going on. */

import { icon } from "../dom";
import { _ } from "../i18n";
import type { Scene } from "./document";
import { make } from "./dom";

/** A picture that is there sooner than this needs no word about loading. */
const PATIENCE_MS = 400;

export class Cover {
  readonly still = make("img", "tv-still");
  readonly status = make("div", "tv-status");
  private timer = 0;

  constructor() {
    this.still.alt = "";
    this.still.hidden = true;
    this.status.setAttribute("role", "status");
  }

  /** Lays the still of a scene over the picture. */
  lay(scene: Scene): void {
    const address = scene.poster ?? scene.panorama?.base ?? null;
    this.still.classList.remove("tv-still--gone");
    this.still.hidden = address === null;
    if (address !== null && this.still.getAttribute("src") !== address) this.still.src = address;
  }

  /** The picture is there: the still fades away and the words go. */
  lift(): void {
    this.still.classList.add("tv-still--gone");
    this.quiet();
  }

  quiet(): void {
    window.clearTimeout(this.timer);
    this.status.replaceChildren();
  }

  loading(scene: Scene): void {
    this.quiet();
    const words = _("Loading {scene}", { scene: scene.title.value });
    this.timer = window.setTimeout(() => this.say("loader-circle", words), PATIENCE_MS);
  }

  /** The picture is not cut yet, or could not be. */
  unfinished(scene: Scene): void {
    this.quiet();
    if (scene.state === "tiling") {
      this.say("hourglass", _("The picture is being prepared: {percent} %", { percent: scene.percent }));
    } else {
      this.say("image-off", _("This scene has no picture. Its text version tells what is there."));
    }
  }

  /** The picture could not be fetched; `again` tries once more. */
  failed(scene: Scene, again: () => void): void {
    this.quiet();
    const words = _("The picture of {scene} could not be loaded.", { scene: scene.title.value });
    const chip = this.say("triangle-alert", words);
    const button = make("button", "tv-status__again", _("Try again"));
    button.type = "button";
    button.addEventListener("click", again);
    chip.append(button);
  }

  /** The device took the graphics away; mostly it gives them back by itself. */
  interrupted(): void {
    this.quiet();
    this.say(
      "triangle-alert",
      _("The device stopped the picture. It returns by itself, or when you reload the page."),
    );
  }

  private say(sign: string, words: string): HTMLElement {
    const chip = make("p", `tv-status__chip tv-status__chip--${sign}`);
    chip.append(icon(sign), make("span", "", words));
    this.status.replaceChildren(chip);
    return chip;
  }
}
