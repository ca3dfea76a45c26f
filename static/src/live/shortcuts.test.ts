import { afterEach, describe, expect, test } from "vitest";
import { meant, type Shortcut } from "./shortcuts";

const shortcuts: Shortcut[] = [
  { key: "g", act: () => {} },
  { key: "q", act: () => {} },
  { key: "?", act: () => {} },
];

/** Dispatches a key on an element and answers what the page would do with it. */
function press(
  target: Element,
  key: string,
  init: KeyboardEventInit & { keyCode?: number } = {},
): string | null {
  let found: string | null = null;
  const listener = (event: Event) => {
    found = meant(event as KeyboardEvent, shortcuts)?.key ?? null;
  };
  document.addEventListener("keydown", listener);
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  if (init.keyCode) Object.defineProperty(event, "keyCode", { value: init.keyCode });
  target.dispatchEvent(event);
  document.removeEventListener("keydown", listener);
  return found;
}

function element(html: string): Element {
  document.body.innerHTML = html;
  return document.body.firstElementChild as Element;
}

afterEach(() => {
  document.body.innerHTML = "";
});

describe("letters of the room", () => {
  test("a letter outside text fields is a key, capital or not", () => {
    const div = element("<div tabindex='0'></div>");
    expect(press(div, "g")).toBe("g");
    expect(press(div, "G")).toBe("g");
    expect(press(div, "?")).toBe("?");
    expect(press(div, "x")).toBeNull();
  });

  for (const html of [
    "<textarea></textarea>",
    "<input>",
    "<select></select>",
    "<div contenteditable='true'></div>",
  ]) {
    test(`a letter typed into ${html} is a letter`, () => {
      for (const key of ["g", "q", "?", "5", "+", "-", "ArrowLeft"]) {
        expect(press(element(html), key)).toBeNull();
      }
    });
  }

  test("a key of an input method that composes is not a key of the room", () => {
    const div = element("<div></div>");
    expect(press(div, "g", { isComposing: true })).toBeNull();
    expect(press(div, "g", { keyCode: 229 })).toBeNull();
  });

  test("a letter with Ctrl, Alt or Meta belongs to the browser, and a held one acts once", () => {
    const div = element("<div></div>");
    expect(press(div, "g", { ctrlKey: true })).toBeNull();
    expect(press(div, "q", { metaKey: true })).toBeNull();
    expect(press(div, "q", { altKey: true })).toBeNull();
    expect(press(div, "g", { repeat: true })).toBeNull();
  });
});
