/** Asking for a tour again while pictures of it are still being cut into tiles. */
import type { TourDocument } from "./document";

const FIRST_MS = 2_000;
const LONGEST_MS = 15_000;

export const isTiling = (tour: TourDocument): boolean =>
  tour.scenes.some((scene) => scene.state === "tiling");

/**
 * Fetches `address` again until no picture is being made any more, and tells about each newer document.
 *
 * Asks less and less often while nothing changes or the line is down, and not at all while nobody looks. The answer
 * ends it.
 */
export function watchTiling(
  tour: TourDocument,
  address: string,
  changed: (tour: TourDocument) => void,
): () => void {
  let wait = FIRST_MS;
  let timer = 0;
  let ended = false;
  let known = JSON.stringify(tour);

  const plan = (): void => {
    window.clearTimeout(timer);
    if (!ended) timer = window.setTimeout(() => void ask(), wait);
  };
  const seen = (): void => {
    if (!document.hidden) plan();
  };
  const end = (): void => {
    ended = true;
    window.clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
  const ask = async (): Promise<void> => {
    if (document.hidden || ended) return;
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(`${address} answered ${response.status}`);
      const fresh = (await response.json()) as TourDocument;
      if (ended) return;
      const text = JSON.stringify(fresh);
      wait = text === known ? Math.min(wait * 1.5, LONGEST_MS) : FIRST_MS;
      if (text !== known) changed(fresh);
      known = text;
      if (!isTiling(fresh)) {
        end();
        return;
      }
    } catch {
      wait = Math.min(wait * 2, LONGEST_MS);
    }
    plan();
  };

  if (!isTiling(tour)) return () => undefined;
  document.addEventListener("visibilitychange", seen);
  plan();
  return end;
}
