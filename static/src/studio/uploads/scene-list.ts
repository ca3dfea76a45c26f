/** The list of scenes on the page, brought up to date in place: a reload would end the uploads. */
import { find } from "../../dom";
import { orderScenes } from "../editor/order";

const PARTS = ["scenes", "missing", "publish"];
const DRAGGED_MS = 1_000;

/** Fetches the page anew and puts its list of scenes, and what depends on it, into this one. */
export async function refreshScenes(): Promise<void> {
  // not under a hand that is just moving a scene
  while (find(".scene--dragged")) await new Promise((resolve) => window.setTimeout(resolve, DRAGGED_MS));
  const response = await fetch(window.location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of PARTS) {
    const [here, there] = [document, page].map((each) => find(`[data-fresh="${part}"]`, each));
    if (!here || !there || typedIn(here)) continue;
    const focus = placeOfFocus(here);
    here.replaceChildren(...[...there.childNodes].map((node) => document.importNode(node, true)));
    if (part === "scenes") await orderScenes();
    if (focus) find(focus, here)?.focus({ preventScroll: true });
  }
}

/** Whether somebody typed or ticked something that would be lost. */
function typedIn(part: HTMLElement): boolean {
  return [...part.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")].some(
    (field) =>
      "checked" in field && ["checkbox", "radio"].includes(field.type)
        ? field.checked !== field.defaultChecked
        : field.value !== field.defaultValue,
  );
}

/** A selector that finds the focused button or link again in the new list. */
function placeOfFocus(list: HTMLElement): string | null {
  const active = document.activeElement;
  if (!active || !list.contains(active)) return null;
  const scene = active.closest<HTMLElement>("[data-scene]")?.dataset.scene;
  if (!scene) return null;
  const within = `[data-scene="${CSS.escape(scene)}"]`;
  if (active.matches("[data-handle]")) return `${within} [data-handle]`;
  const form = active.closest("form")?.getAttribute("action");
  return form ? `${within} form[action="${CSS.escape(form)}"] button` : `${within} a`;
}
