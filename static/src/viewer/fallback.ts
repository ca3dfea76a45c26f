/** What stands in for the picture where it cannot be drawn: the scene's still and the scene in words. */
import { _ } from "../i18n";
import type { Scene } from "./document";
import { make, write } from "./dom";

export class TextScene {
  readonly element = make("div", "tv-fallback");
  private readonly still = make("img", "tv-fallback__still");
  private readonly title = make("h3", "tv-fallback__title");
  private readonly words = make("p", "tv-fallback__words");

  constructor() {
    this.still.alt = "";
    const why = make(
      "p",
      "tv-fallback__why",
      _("This browser cannot show the 360° picture. Here is the scene in words."),
    );
    const text = make("div", "tv-fallback__text");
    text.append(this.title, this.words, why);
    this.element.append(this.still, text);
    // the words may be longer than their place: they can be reached and scrolled by keyboard
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", _("The scene in words"));
  }

  show(scene: Scene): void {
    this.still.hidden = scene.poster === null;
    if (scene.poster !== null) this.still.src = scene.poster;
    write(this.title, scene.title);
    write(this.words, scene.alternative);
  }
}
