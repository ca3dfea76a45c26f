/** A room may show several sites: one document for the viewer, and what of it is worth drawing anew. */
import { findScene, firstScene, type Scene, type TourDocument } from "../viewer/document";
import type { Texts, TourOffer } from "./protocol";

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
  if (scenes.length === 0) return null;
  if (tours.length === 1) return { ...first, scenes };
  // Each site has a plan of its own: their points don't belong onto one.
  return { ...first, plan: null, scenes: scenes.map((scene) => ({ ...scene, plan: null })) };
}

/** Which tours a page shows, as the server compares it. */
export function tourMarks(tours: readonly TourDocument[]): string[] {
  return tours.map(({ site, revision }) => `${site}@${revision}`);
}

/** Where somebody goes who stood in a scene that is gone: the start of the same site's tour, else of the room. */
export function startInstead(
  before: readonly TourDocument[],
  after: readonly TourDocument[],
  scene: string,
): Scene | undefined {
  const site = before.find((tour) => findScene(tour, scene))?.site;
  const same = after.filter((tour) => tour.site === site);
  return [...same, ...after].map((tour) => firstScene(tour)).find((start) => start !== undefined);
}

/** Offers of tours that are newer than what the page shows, in the order of its tours. */
export function newerTours(
  offers: ReadonlyMap<string, TourOffer>,
  tours: readonly TourDocument[],
): TourOffer[] {
  const listed = [...offers.values()];
  return tours.flatMap(({ site, revision }) =>
    listed.filter(({ slug, number }) => slug === site && number > revision),
  );
}

/** A text in the page's language, else in English, else in any. */
export function inLanguage(texts: Texts, lang: string): string {
  return texts[lang] || texts.en || Object.values(texts).find(Boolean) || "";
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
