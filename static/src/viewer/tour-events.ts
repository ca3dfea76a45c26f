/** What a TourViewer is told at the start, and what it tells later. */
import type { Hotspot, Scene, SceneView, View } from "./document";

/** What a person did: only these end following a guide, never what a program does. */
export type Input = "drag" | "wheel" | "key" | "button" | "visit" | "hotspot";

export interface TourEvents {
  /** A scene is on screen (also as still and words). */
  scene: { scene: Scene; view: SceneView };
  /** The view moved, by whom ever. */
  view: SceneView;
  input: Input;
  hotspot: { hotspot: Hotspot; scene: Scene };
  /** A point's panel is open, or none is any more. */
  panel: { hotspot: Hotspot | null };
  /** A scene could not be loaded; the page keeps the one before. */
  error: { scene: Scene; error: unknown };
  /** No panorama can be drawn in this browser; stills and words are shown. */
  unavailable: { reason: unknown };
}

export interface TourViewerOptions {
  /** The scene to begin with; the tour's first one otherwise. */
  fromScene?: string | null;
  view?: View | null;
  /** Overrides the person's own setting. */
  reducedMotion?: boolean;
  /** False leaves the row of buttons out; give them another place then, as every key needs one. */
  controls?: boolean;
  /** True writes on the picture who made it and whether a computer drew it, for pages that say so nowhere else. */
  credit?: boolean;
  onScene?: (scene: Scene, view: SceneView) => void;
  onView?: (view: SceneView) => void;
  onHotspot?: (hotspot: Hotspot, scene: Scene) => void;
  onUnavailable?: (reason: unknown) => void;
}
