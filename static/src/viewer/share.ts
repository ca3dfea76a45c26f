/** Passing on where one looks: the public address with the view, by the device's own sheet or the clipboard. */
import { toFragment } from "./deeplink";
import type { SceneView, TourDocument } from "./document";

/**
 * The public address of a view. `page` is the tour's public page; what else this page's address carries (a query, a
 * personal token) is never passed on.
 */
export function shareAddress(page: string, tour: TourDocument, view: SceneView): string {
  const url = new URL(page, location.href);
  return `${url.origin}${url.pathname}${toFragment(tour, view)}`;
}

export type Shared = "shared" | "copied" | "given up" | "failed";

/** Offers an address to the device's share sheet where there is one, else copies it. */
export async function share(address: string, title: string): Promise<Shared> {
  const given = { url: address, title };
  if (typeof navigator.share === "function" && navigator.canShare?.(given)) {
    try {
      await navigator.share(given);
      return "shared";
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return "given up";
      // Not allowed here, as in another site's frame: the clipboard may be.
    }
  }
  try {
    await navigator.clipboard.writeText(address);
    return "copied";
  } catch {
    return "failed";
  }
}
