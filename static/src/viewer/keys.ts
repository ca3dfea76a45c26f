/**
 * The picture's keys. They act only while the picture itself has the focus: nothing listens on the window, so
 * `5+3-1` and the arrows stay in the text field that they are typed in.
 */
import type { Direction } from "./steering";

const DIRECTIONS: Record<string, Direction> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  "+": "nearer",
  "=": "nearer",
  "-": "wider",
  _: "wider",
  "−": "wider",
};

export interface KeyActions {
  press(direction: Direction): void;
  release(direction: Direction): void;
  releaseAll(): void;
  home(): void;
  enter(): void;
}

/** Listens on `picture` until the answer is called. */
export function listenToKeys(picture: HTMLElement, actions: KeyActions): () => void {
  // By `code`, as the release of a shifted key may carry another `key` than its press.
  const down = new Map<string, Direction>();

  const keydown = (event: KeyboardEvent): void => {
    if (event.target !== picture || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = DIRECTIONS[event.key];
    if (direction) {
      down.set(event.code, direction);
      actions.press(direction);
    } else if (event.key === "Home") {
      actions.home();
    } else if (event.key === "Enter") {
      if (!event.repeat) actions.enter();
    } else {
      return;
    }
    event.preventDefault();
  };

  const keyup = (event: KeyboardEvent): void => {
    const direction = down.get(event.code);
    down.delete(event.code);
    if (direction) actions.release(direction);
  };

  const blur = (): void => {
    down.clear();
    actions.releaseAll();
  };

  picture.addEventListener("keydown", keydown);
  picture.addEventListener("keyup", keyup);
  picture.addEventListener("blur", blur);
  return () => {
    picture.removeEventListener("keydown", keydown);
    picture.removeEventListener("keyup", keyup);
    picture.removeEventListener("blur", blur);
  };
}
