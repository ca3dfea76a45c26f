/** A room may show several sites: one document for the viewer, and what of it is worth drawing anew. */
import type { Scene, TourDocument } from "../viewer/document";

/** All scenes of a room's tours as one document; null when there is none. */
export function mergeTours(tours: readonly TourDocument[]): TourDocument | null {
  const [first] = tours;
  if (!first) return null;
  const seen = new Set<string>();
  const scenes: Scene[] = [];
  for (const scene of tours.flatMap((tour) => tour.scenes)) {
    if (!seen.has(scene.id)) scenes.push(scene);
    seen.add(scene.id);
  }
  return scenes.length === 0 ? null : { ...first, scenes };
}

/** The same string for documents that look the same: rejoining brings an equal one. */
export function tourMark(tours: readonly TourDocument[]): string {
  return tours
    .map(({ site, revision, scenes }) => {
      const states = scenes.map(({ id, state, percent }) => `${id}:${state}:${percent}`);
      return `${site}@${revision}[${states.join()}]`;
    })
    .join("|");
}
