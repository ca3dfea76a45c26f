import { h } from "../dom";
import type { Text } from "./document";

/** A new element with a class and, when given, words. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  words?: string,
): HTMLElementTagNameMap[Name] {
  return h(name, { class: className || null }, words);
}

/** Marks an element with a text's language and direction, where they differ from the page's. */
export function markLanguage(element: HTMLElement, text: Text): void {
  if (text.lang && text.lang !== document.documentElement.lang) {
    element.lang = text.lang;
    element.dir = text.dir;
  } else {
    element.removeAttribute("lang");
    element.removeAttribute("dir");
  }
}

/** Puts a text into an element, marked with its language. */
export function write(element: HTMLElement, text: Text): void {
  element.textContent = text.value;
  markLanguage(element, text);
}

/** Puts HTML that the server has sanitised into an element, marked with its language. */
export function writeHtml(element: HTMLElement, text: Text): void {
  element.innerHTML = text.value;
  markLanguage(element, text);
}

let made = 0;

/** An id that no other element of the page has. */
export function freshId(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}
