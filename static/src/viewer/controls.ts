/** The buttons on the picture: each key of keys.ts as something to press. */

import { icon } from "../dom";
import { _ } from "../i18n";
import { make } from "./dom";
import type { Direction } from "./steering";

export interface ControlActions {
  press(direction: Direction): void;
  release(direction: Direction): void;
  home(): void;
}

/** The row of buttons: ← → ↑ ↓ + − and the start view. Holding one down turns on. */
export function controls(actions: ControlActions): HTMLElement {
  const group = make("div", "tv-controls");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", _("Look around"));
  const turning: [Direction, string, string][] = [
    ["left", "arrow-left", _("Look left")],
    ["right", "arrow-right", _("Look right")],
    ["up", "arrow-up", _("Look up")],
    ["down", "arrow-down", _("Look down")],
    ["nearer", "plus", _("Zoom in")],
    ["wider", "minus", _("Zoom out")],
  ];
  for (const [direction, sign, words] of turning) {
    group.append(turnButton(direction, sign, words, actions));
  }
  const home = controlButton("house", _("Start view"));
  home.addEventListener("click", () => actions.home());
  group.append(home);
  return group;
}

/** A round button with an icon and its words for screen readers and as a tooltip. */
export function controlButton(sign: string, words: string): HTMLButtonElement {
  const button = make("button", "tv-control");
  button.type = "button";
  button.setAttribute("aria-label", words);
  button.title = words;
  button.append(icon(sign));
  return button;
}

function turnButton(
  direction: Direction,
  sign: string,
  words: string,
  actions: ControlActions,
): HTMLButtonElement {
  const button = controlButton(sign, words);
  let holding = false;
  const release = () => {
    if (holding) actions.release(direction);
    holding = false;
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    holding = true;
    actions.press(direction);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave", "blur"]) {
    button.addEventListener(end, release);
  }
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // A click without a pointer comes from the keyboard or a screen reader: one step.
  button.addEventListener("click", (event) => {
    if (event.detail !== 0) return;
    actions.press(direction);
    actions.release(direction);
  });
  return button;
}
