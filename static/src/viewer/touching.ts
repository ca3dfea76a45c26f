/** Tells when a person takes the picture in hand: a drag of more than a few pixels, or the wheel. */

const DRAG_PX = 4;

/** Watches `picture` until the answer is called. A press that does not move only gives the picture the focus. */
export function watchPointers(picture: HTMLElement, taken: (by: "drag" | "wheel") => void): () => void {
  let start: { id: number; x: number; y: number } | null = null;

  const down = (event: PointerEvent): void => {
    start = { id: event.pointerId, x: event.clientX, y: event.clientY };
    // The library keeps mouse presses from doing what they usually do, which is to focus.
    picture.focus({ preventScroll: true });
  };
  const move = (event: PointerEvent): void => {
    if (start?.id !== event.pointerId) return;
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < DRAG_PX) return;
    start = null;
    taken("drag");
  };
  const up = (): void => {
    start = null;
  };
  const wheel = (): void => taken("wheel");

  picture.addEventListener("pointerdown", down);
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", up);
  // While it comes down: the library lets no wheel event rise.
  picture.addEventListener("wheel", wheel, { passive: true, capture: true });
  return () => {
    picture.removeEventListener("pointerdown", down);
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", up);
    picture.removeEventListener("wheel", wheel, { capture: true });
  };
}
