/** The preview by keyboard alone: the pointer does nothing, and numbers show in which order Tab goes. */
import { h } from "../dom";

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex='0'], video[controls], summary";

/** Starts where the page asks for it. */
export function numberFocus(): void {
  if (!("numberFocus" in document.body.dataset)) return;
  const layer = h("div", { class: "focus-numbers", "aria-hidden": "true" });
  document.body.append(layer);
  for (const kind of ["pointerdown", "mousedown", "click", "touchstart", "wheel"] as const)
    document.addEventListener(kind, (event) => isPointers(event) && stop(event), {
      capture: true,
      passive: false,
    });
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => write(layer));
  };
  new MutationObserver((changes) => {
    if (changes.some((change) => !layer.contains(change.target))) later();
  }).observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["hidden", "open"],
  });
  window.addEventListener("resize", later);
  later();
}

/** A click that a key made has no pointer. */
function isPointers(event: Event): boolean {
  return !(event instanceof MouseEvent && event.type === "click" && event.detail === 0);
}

function stop(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function write(layer: HTMLElement): void {
  const base = document.documentElement.getBoundingClientRect();
  const shown = [...document.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((element) => {
    const box = element.getBoundingClientRect();
    return element.tabIndex >= 0 && box.width > 0 && box.height > 0 && !element.closest("[hidden], [inert]");
  });
  layer.replaceChildren(
    ...shown.map((element, index) => {
      const box = element.getBoundingClientRect();
      const number = h("span", { class: "focus-number" }, String(index + 1));
      number.style.left = `${(box.left - base.left).toFixed(0)}px`;
      number.style.top = `${(box.top - base.top).toFixed(0)}px`;
      return number;
    }),
  );
}
