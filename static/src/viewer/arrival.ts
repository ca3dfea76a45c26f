/** Where one looks on arriving in another scene through a link. */
import { clamp, cleanView, type Hotspot, limitsOf, type Scene, type View, wrapYaw } from "./document";

/** Nobody wants to arrive looking at the sky or at their feet. */
const STEEPEST = 30;

/**
 * The view on arriving in `to` through `link`, standing in `from` and looking at `now`.
 *
 * "heading" keeps the compass direction that one walked in; "view" has a view of its own; else, and where the
 * north of a scene is not known, it is the scene's start view.
 */
export function arrivalView(link: Hotspot, from: Scene, to: Scene, now: View): View {
  const limits = limitsOf(to);
  if (link.arrival === "view" && link.view) return cleanView(link.view, limits);
  if (link.arrival === "heading" && from.north !== null && to.north !== null) {
    const yaw = wrapYaw(now.yaw - from.north + to.north);
    return cleanView({ yaw, pitch: clamp(now.pitch, -STEEPEST, STEEPEST), fov: to.view.fov }, limits);
  }
  return cleanView(to.view, limits);
}
