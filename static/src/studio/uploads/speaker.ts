/** Says what happened to screen readers, politely: several things that happen together in one go. */
import { announce } from "../../dom";

const TOGETHER_MS = 700;

export class Speaker {
  private texts: string[] = [];
  private timer = 0;

  say(text: string): void {
    this.texts.push(text);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      announce(this.texts.join(" "));
      this.texts = [];
    }, TOGETHER_MS);
  }
}
