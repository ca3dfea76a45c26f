/** What will likely be wanted next: the scenes that links lead to, and the pictures that arriving there needs first. */
import { arrivalView } from "./arrival";
import {
  angleBetween,
  clamp,
  findScene,
  isReady,
  kindOf,
  type PanoramaFiles,
  type Scene,
  type TourDocument,
  tileUrl,
  type View,
} from "./document";
import { unproject } from "./projection";

/** So many scenes are fetched ahead: memory and other people's lines are not ours alone. */
const MOST = 4;

export interface Wanted {
  scene: string;
  /** The base picture's address, under which the cache keeps a scene. */
  key: string;
  urls: string[];
}

/** The next scenes, the likeliest first: what lies nearest to the centre of the view is what one goes to. */
export function likelyNext(tour: TourDocument, from: Scene, view: View, shape: Shape): Wanted[] {
  const links = from.hotspots
    .filter((hotspot) => kindOf(hotspot) === "link")
    .sort((a, b) => angleBetween(a, view) - angleBetween(b, view));
  const found = new Map<string, Wanted>();
  for (const link of links) {
    const scene = findScene(tour, link.to);
    if (!scene || scene.id === from.id || found.has(scene.id) || !isReady(scene)) continue;
    const files = scene.panorama;
    const urls = [files.base, ...firstTiles(files, arrivalView(link, from, scene, view), shape)];
    found.set(scene.id, { scene: scene.id, key: files.base, urls });
    if (found.size === MOST) break;
  }
  return [...found.values()];
}

/** The picture's size on the page, CSS pixels. */
export interface Shape {
  width: number;
  height: number;
}

/** The tiles of the lowest level that a view shows. */
export function firstTiles(files: PanoramaFiles, view: View, { width, height }: Shape): string[] {
  const level = files.levels[0];
  if (!level || width === 0 || height === 0) return [];
  const steps = 6;
  const seen = new Set<string>();
  for (let x = 0; x <= steps; x++) {
    for (let y = 0; y <= steps; y++) {
      const at = unproject({ x: (x / steps) * width, y: (y / steps) * height }, view, width, height);
      const col = Math.floor(((at.yaw + 180) / 360) * level.cols) % level.cols;
      const row = clamp(Math.floor(((90 - at.pitch) / 180) * level.rows), 0, level.rows - 1);
      seen.add(tileUrl(files, 0, col, row));
    }
  }
  return [...seen];
}
