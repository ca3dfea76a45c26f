/** What the room adds to ../dom: words, states, and lists that keep their elements. Words are never markup. */
import { h, icon } from "../dom";
import type { Text } from "./protocol";

type Attributes = NonNullable<Parameters<typeof h>[1]>;

/** Sets or removes; leaves an attribute that has the value already, so that nothing is announced twice. */
export function setAttribute(element: Element, key: string, value: Attributes[string]): void {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(key)) element.removeAttribute(key);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(key) !== text) element.setAttribute(key, text);
}

/** Sets the words only when they differ: a screen reader repeats a live region whose node was replaced. */
export function setText(element: Element, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}

/** Says in which language an element's words are; `und` where nobody knows, so that it isn't taken for the page's. */
export function markLanguage(element: Element, lang: string): void {
  setAttribute(element, "lang", lang.replace("_", "-") || "und");
}

/** A text in its own language, marked where that is not the page's. */
export function words(text: Text): HTMLElement {
  const element = h("span", {}, text.value);
  if (text.lang && text.lang !== document.documentElement.lang) {
    element.lang = text.lang;
    element.dir = text.dir;
  }
  return element;
}

export interface ButtonLook {
  icon?: string;
  look?: string;
  attributes?: Attributes;
}

/** A button with an optional icon; `words` is its visible text. */
export function button(words: string, press: () => void, look: ButtonLook = {}): HTMLButtonElement {
  const element = h(
    "button",
    { type: "button", class: `button ${look.look ?? ""}`.trim(), ...look.attributes },
    look.icon ? icon(look.icon) : null,
    h("span", {}, words),
  );
  element.addEventListener("click", press);
  return element;
}

/** A state: an icon and a word. */
export function chip(words: string, iconName: string, look = ""): HTMLElement {
  return h("span", { class: `chip ${look}`.trim() }, icon(iconName), h("span", {}, words));
}

/** The page's element with an id; throws when the template lacks it, as nothing would work. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as E;
}

export interface Row<T> {
  element: HTMLElement;
  update(item: T): void;
}

/**
 * A list that keeps one element for each key: focus, selection and scrolling survive every change.
 * An element is moved only when its neighbours demand it.
 */
export class KeyedList<T> {
  private readonly rows = new Map<string, Row<T>>();

  constructor(
    private readonly parent: HTMLElement,
    private readonly key: (item: T) => string,
    private readonly create: (item: T) => Row<T>,
  ) {}

  /** Shows exactly these items in this order; answers the keys that are new. */
  show(items: readonly T[]): string[] {
    const wanted = new Set(items.map(this.key));
    for (const [key, row] of [...this.rows]) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    const added: string[] = [];
    let before: ChildNode | null = this.parent.firstChild;
    for (const item of items) {
      const key = this.key(item);
      let row = this.rows.get(key);
      if (!row) {
        row = this.create(item);
        this.rows.set(key, row);
        added.push(key);
      }
      row.update(item);
      if (row.element === before) before = before.nextSibling;
      else this.parent.insertBefore(row.element, before);
    }
    return added;
  }

  element(key: string): HTMLElement | undefined {
    return this.rows.get(key)?.element;
  }

  get size(): number {
    return this.rows.size;
  }
}

/**
 * Runs a change inside or around a scrolling element without moving what the reader looks at: the first row in
 * sight that is still there afterwards keeps its place on the screen.
 */
export function keepPlace(scroller: HTMLElement, rows: string, change: () => void): void {
  const edge = scroller.getBoundingClientRect().top;
  const atTop = scroller.scrollTop === 0;
  const before = [...scroller.querySelectorAll<HTMLElement>(rows)]
    .map((row) => ({ row, box: row.getBoundingClientRect() }))
    .filter(({ box }) => box.bottom > edge && box.height > 0);
  change();
  const anchor = before.find(({ row }) => row.isConnected && row.getClientRects().length > 0);
  if (atTop || !anchor) return;
  const moved = anchor.row.getBoundingClientRect().top - anchor.box.top;
  if (moved !== 0) scroller.scrollTop += moved;
}

/** True while somebody writes: then letters are words, not commands. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable=''], [contenteditable='true']") !== null;
}

/** True for a key that belongs to an input method that is composing (Pinyin, Kana, dead keys). */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
