/**
 * The tour document (written by tourserver/tours/document.py) and the arithmetic of looking around in it.
 *
 * All angles are degrees: yaw 0 is the picture's centre and grows to the right, pitch grows upwards. Nothing is
 * checked here; the server made the document.
 */

/** A text in one language, with what a page needs to mark it up. */
export interface Text {
  value: string;
  lang: string;
  dir: "ltr" | "rtl";
}

/** One size of a panorama, cut into `cols` × `rows` tiles; its height is half its width. */
export interface TileLevel {
  width: number;
  cols: number;
  rows: number;
}

export interface PanoramaFiles {
  width: number;
  height: number;
  /** Address of the small whole picture that is shown before any tile. */
  base: string;
  levels: TileLevel[];
  /** Address of a tile with {level}, {col} and {row} to be filled in. */
  tile: string;
}

/** How near (`min`) and how wide (`max`) one may look in a scene, degrees of vertical field of view. */
export interface Limits {
  min: number;
  max: number;
}

/** Where the picture looks; `fov` is the vertical field of view, 30–90. */
export interface View {
  yaw: number;
  pitch: number;
  fov: number;
}

export interface SceneView extends View {
  scene: string;
}

/** The guide's view at one instant of the server's clock (milliseconds since 1970). */
export interface ViewFrame extends SceneView {
  t: number;
  by?: string;
}

export const KINDS = ["link", "info", "picture", "video", "document", "outside"] as const;
export type Kind = (typeof KINDS)[number];

/** A file that a hotspot shows or offers. */
export interface FileFacts {
  url: string;
  /** Its media type, such as `application/pdf`. */
  type: string;
  width: number | null;
  height: number | null;
  bytes: number;
  name: string;
}

/** Subtitles of a video (WebVTT). */
export interface Captions {
  url: string;
  lang?: string | null;
}

/** What newer servers add is optional: a revision of the first release has none of it. */
export interface Hotspot {
  id: string;
  /** One of KINDS; what this program does not know is shown as an info point (kindOf). */
  kind: string;
  yaw: number;
  pitch: number;
  label: Text;
  /** The scene a link leads to. */
  to: string | null;
  /** What a point tells, or a film's transcript, as HTML that the server has sanitised. */
  html: Text | null;
  /** Where one looks on arriving: "start", "heading" or "view" (arrival.ts). */
  arrival?: string;
  view?: View | null;
  asset?: FileFacts | null;
  captions?: Captions | null;
  /** Where an outside link leads. */
  url?: string | null;
}

export interface Scene {
  id: string;
  title: Text;
  alternative: Text;
  /** True for a computer-made picture, which is labelled as such. */
  render: boolean;
  credit: string | null;
  licence: string | null;
  poster: string | null;
  thumb: string | null;
  state: "ready" | "tiling" | "failed";
  percent: number;
  panorama: PanoramaFiles | null;
  view: View;
  /** The yaw at which compass north lies. */
  north: number | null;
  limits?: Limits | null;
  /** Where on the plan it is, as fractions from the plan's upper left corner. */
  plan?: { x: number; y: number } | null;
  hotspots: Hotspot[];
}

/** The drawing of the place on which scenes have their points. */
export interface Plan {
  url: string;
  width: number | null;
  height: number | null;
  /** Degrees clockwise from the drawing's top to compass north. */
  north: number;
}

export interface TourDocument {
  site: string;
  name: Text;
  revision: number;
  start: string;
  scenes: Scene[];
  /** Absent or null: points lie on a plain grid, north up. */
  plan?: Plan | null;
}

export const MIN_FOV = 30;
export const MAX_FOV = 90;

export const toRadians = (degrees: number): number => (degrees * Math.PI) / 180;
export const toDegrees = (radians: number): number => (radians * 180) / Math.PI;

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** The same direction within −180 (excluded) to 180 (included). */
export function wrapYaw(yaw: number): number {
  // What is within is not touched: the arithmetic below would cost its last digit.
  if (yaw > -180 && yaw <= 180) return yaw;
  const turned = ((((yaw + 180) % 360) + 360) % 360) - 180;
  return turned === -180 ? 180 : turned;
}

/** How far to turn from one yaw to another the short way around: −180 to 180, positive to the right. */
export function shortestTurn(from: number, to: number): number {
  return wrapYaw(to - from);
}

/** The angle between two directions as seen from the centre of the sphere, 0–180. */
export function angleBetween(a: { yaw: number; pitch: number }, b: { yaw: number; pitch: number }): number {
  const p = toRadians(a.pitch);
  const q = toRadians(b.pitch);
  const cosine =
    Math.sin(p) * Math.sin(q) + Math.cos(p) * Math.cos(q) * Math.cos(toRadians(shortestTurn(a.yaw, b.yaw)));
  return toDegrees(Math.acos(clamp(cosine, -1, 1)));
}

/** Within what one may zoom where a scene says nothing. */
export const USUAL_LIMITS: Readonly<Limits> = { min: MIN_FOV, max: MAX_FOV };

/** Photo Sphere Viewer's zoom level (0 wide – 100 near) of a field of view. */
export function fovToZoom(fov: number, { min, max }: Limits = USUAL_LIMITS): number {
  return ((max - clamp(fov, min, max)) / (max - min)) * 100;
}

export function zoomToFov(zoom: number, { min, max }: Limits = USUAL_LIMITS): number {
  return max - (clamp(zoom, 0, 100) / 100) * (max - min);
}

/** A view that the viewer can show: yaw wrapped, pitch and field of view within their limits. */
export function cleanView(view: View, { min, max }: Limits = USUAL_LIMITS): View {
  return {
    yaw: wrapYaw(view.yaw),
    pitch: clamp(view.pitch, -90, 90),
    fov: clamp(view.fov, min, max),
  };
}

/** A scene's zoom limits, within what the viewer can show and at least a degree apart. */
export function limitsOf(scene: Pick<Scene, "limits"> | null | undefined): Limits {
  const given = scene?.limits;
  if (!given || !Number.isFinite(given.min) || !Number.isFinite(given.max)) return { ...USUAL_LIMITS };
  const min = clamp(given.min, MIN_FOV, MAX_FOV - 1);
  return { min, max: clamp(given.max, min + 1, MAX_FOV) };
}

/** What sort of point a hotspot is. */
export function kindOf(hotspot: Pick<Hotspot, "kind">): Kind {
  return KINDS.find((kind) => kind === hotspot.kind) ?? "info";
}

/** The view a share `k` (0–1) of the way from one to another, the short way around. */
export function between(from: View, to: View, k: number): View {
  if (k >= 1) return cleanView(to);
  return {
    yaw: wrapYaw(from.yaw + shortestTurn(from.yaw, to.yaw) * k),
    pitch: from.pitch + (to.pitch - from.pitch) * k,
    fov: from.fov + (to.fov - from.fov) * k,
  };
}

/** True when no one could tell the two views apart. */
export function sameView(a: SceneView, b: SceneView, tolerance = 0.02): boolean {
  return (
    a.scene === b.scene &&
    Math.abs(shortestTurn(a.yaw, b.yaw)) <= tolerance &&
    Math.abs(a.pitch - b.pitch) <= tolerance &&
    Math.abs(a.fov - b.fov) <= tolerance
  );
}

export function findScene(tour: TourDocument, id: string | null | undefined): Scene | undefined {
  return tour.scenes.find((scene) => scene.id === id);
}

/** The scene to begin with: the asked one when there is such a scene, else the tour's first. */
export function firstScene(tour: TourDocument, asked?: string | null): Scene | undefined {
  return findScene(tour, asked) ?? findScene(tour, tour.start) ?? tour.scenes[0];
}

/** True when the scene's picture can be walked in now. */
export function isReady(scene: Scene): scene is Scene & { panorama: PanoramaFiles } {
  return scene.state === "ready" && scene.panorama !== null;
}

export function tileUrl(files: PanoramaFiles, level: number, col: number, row: number): string {
  return files.tile
    .replace("{level}", String(level))
    .replace("{col}", String(col))
    .replace("{row}", String(row));
}
