/** Motion of scenes, in milliseconds (experience.md, "Motion"). */
export const SCENE_MS = 320;

/** True when the person asked their system for less movement. */
export function prefersReducedMotion(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Slow at both ends. */
export function ease(k: number): number {
  const share = Math.min(1, Math.max(0, k));
  return share * share * (3 - 2 * share);
}

/** Calls `step` with 0–1 in every frame of `duration` milliseconds; the answer ends it early. */
export function glide(duration: number, step: (k: number) => void): () => void {
  const started = performance.now();
  let frame = 0;
  const tick = () => {
    const k = Math.min(1, (performance.now() - started) / duration);
    frame = k < 1 ? window.requestAnimationFrame(tick) : 0;
    step(k === 1 ? 1 : ease(k));
  };
  frame = window.requestAnimationFrame(tick);
  return () => window.cancelAnimationFrame(frame);
}
