/**
 * The draft of a tour as the editor has it (written by tourserver/tours/draft.py), and the operations on it.
 *
 * Angles are degrees, as in viewer/document.ts. Nothing here touches the page.
 */
import type { FileFacts, Kind, Limits, PanoramaFiles, Text, TourDocument, View } from "../../viewer/document";

export const LANGUAGES = ["en", "sv", "zh_Hans"] as const;
export type Language = (typeof LANGUAGES)[number];
export const NATIVE_NAMES: Record<Language, string> = { en: "English", sv: "Svenska", zh_Hans: "中文" };

/** One text in several languages; a language that is absent is missing. */
export type Texts = Partial<Record<Language, string>>;

export interface Region {
  id: string;
  yaw: number;
  pitch: number;
  width: number;
  height: number;
}

export interface Spot {
  x: number;
  y: number;
}

export interface DraftPoint {
  id: string;
  scene: string;
  revision: number;
  kind: Kind;
  yaw: number;
  pitch: number;
  label: Texts;
  body: Texts;
  to: string | null;
  arrival: "start" | "heading" | "view";
  view: View | null;
  asset: string | null;
  captions: string | null;
  url: string | null;
}

export interface DraftScene {
  id: string;
  key: string;
  revision: number;
  position: number;
  title: Texts;
  alternative: Texts;
  view: View;
  north: number;
  limits: Limits;
  plan: Spot | null;
  regions: Region[];
  credit: string;
  licence: string;
  render: boolean;
  withdrawn: boolean;
  poster: string | null;
  thumb: string | null;
  panorama: {
    state: "waiting" | "tiling" | "ready" | "failed";
    percent: number;
    error: string | null;
    files: PanoramaFiles | null;
  };
  hotspots: DraftPoint[];
}

export interface DraftFile extends FileFacts {
  id: string;
  kind: "picture" | "plan" | "video" | "captions" | "document";
  state: "waiting" | "ready" | "failed";
}

export interface DraftTour {
  revision: number;
  plan: DraftFile | null;
  north: number;
}

export interface RemovedPart {
  id: string;
  kind: "scene" | "hotspot";
  thing: string;
  /** Where a point stood. */
  scene: string;
  name: Texts;
}

export interface Draft {
  site: string;
  name: Texts;
  tour: DraftTour;
  scenes: DraftScene[];
  assets: DraftFile[];
  removed: RemovedPart[];
}

export type SceneValues = Partial<
  Pick<
    DraftScene,
    "title" | "alternative" | "view" | "north" | "limits" | "plan" | "credit" | "licence" | "render"
  >
> & { regions?: (Omit<Region, "id"> & { id?: string })[] };

export type PointValues = Partial<
  Pick<
    DraftPoint,
    "kind" | "yaw" | "pitch" | "label" | "body" | "to" | "arrival" | "view" | "asset" | "captions" | "url"
  >
>;

/** An operation without the revision that its editor saw: that is put in when it is sent. */
export type Op =
  | { op: "scene.change"; id: string; values: SceneValues }
  | { op: "scene.order"; ids: string[] }
  | { op: "scene.remove"; id: string }
  | { op: "hotspot.add"; scene: string; values: PointValues }
  | { op: "hotspot.change"; id: string; values: PointValues }
  | { op: "hotspot.remove"; id: string }
  | { op: "link_back"; hotspot: string }
  | { op: "put_back"; removed: string }
  | { op: "tour.change"; values: { plan?: string | null; north?: number } };

/** What an operation that was done changed. */
export interface Answer {
  ok: true;
  scenes: DraftScene[];
  scene?: string;
  hotspot?: string;
  removed?: RemovedPart;
  gone?: string;
  order?: string[];
  tour?: DraftTour;
  left_out?: number;
}

export const sceneOf = (draft: Draft, id: string | null | undefined): DraftScene | undefined =>
  draft.scenes.find((scene) => scene.id === id);

export function pointOf(draft: Draft, id: string | null | undefined): DraftPoint | undefined {
  for (const scene of draft.scenes) for (const point of scene.hotspots) if (point.id === id) return point;
  return undefined;
}

/** The operation as the server takes it: with the revision of what it is about, as it is known now. */
export function withRevision(op: Op, draft: Draft): Record<string, unknown> {
  switch (op.op) {
    case "scene.change":
    case "scene.remove":
      return { ...op, revision: sceneOf(draft, op.id)?.revision ?? 1 };
    case "hotspot.change":
    case "hotspot.remove":
      return { ...op, revision: pointOf(draft, op.id)?.revision ?? 1 };
    case "scene.order":
    case "tour.change":
      return { ...op, revision: draft.tour.revision };
    default:
      return { ...op };
  }
}

/** The draft after an operation; the one before stays as it was. */
export function applied(draft: Draft, answer: Answer): Draft {
  const fresh = new Map(answer.scenes.map((scene) => [scene.id, scene]));
  let scenes = draft.scenes
    .filter((scene) => scene.id !== answer.gone)
    .map((scene) => {
      const found = fresh.get(scene.id);
      fresh.delete(scene.id);
      return found ?? scene;
    });
  scenes.push(...fresh.values());
  if (answer.order) {
    const { order } = answer;
    scenes = [...scenes].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  }
  const removed = answer.removed
    ? [answer.removed, ...draft.removed]
    : draft.removed.filter((part) => !isBack(part, answer));
  return { ...draft, scenes, removed, tour: answer.tour ?? draft.tour };
}

function isBack(part: RemovedPart, answer: Answer): boolean {
  const ids = new Set(
    answer.scenes.flatMap((scene) => [scene.id, ...scene.hotspots.map((point) => point.id)]),
  );
  return ids.has(part.thing);
}

/** The operation that takes back what one did; null when there is none. */
export function inverse(op: Op, before: Draft, answer: Answer): Op | null {
  switch (op.op) {
    case "scene.change": {
      const scene = sceneOf(before, op.id);
      return scene ? { op: "scene.change", id: op.id, values: pick(scene, op.values) } : null;
    }
    case "hotspot.change": {
      const point = pointOf(before, op.id);
      if (!point) return null;
      // another kind loses what the old one had
      const names = op.values.kind === undefined ? op.values : { ...WHOLE, ...op.values };
      return { op: "hotspot.change", id: op.id, values: pick(point, names) };
    }
    case "scene.order":
      return { op: "scene.order", ids: before.scenes.map((scene) => scene.id) };
    case "scene.remove":
    case "hotspot.remove":
      return answer.removed ? { op: "put_back", removed: answer.removed.id } : null;
    case "hotspot.add":
    case "link_back":
      return answer.hotspot ? { op: "hotspot.remove", id: answer.hotspot } : null;
    case "put_back":
      if (answer.hotspot) return { op: "hotspot.remove", id: answer.hotspot };
      return answer.scene ? { op: "scene.remove", id: answer.scene } : null;
    case "tour.change":
      return {
        op: "tour.change",
        values: {
          ...("plan" in op.values ? { plan: before.tour.plan?.id ?? null } : {}),
          ...("north" in op.values ? { north: before.tour.north } : {}),
        },
      };
  }
}

const WHOLE: PointValues = {
  kind: "info",
  label: {},
  body: {},
  to: null,
  arrival: "heading",
  view: null,
  asset: null,
  captions: null,
  url: null,
};

function pick<T extends object>(from: T, names: object): Partial<T> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, from[name as keyof T]])) as Partial<T>;
}

/** A text in the language that is wished for, else in the nearest there is. */
export function pickText(texts: Texts, language: Language): Text {
  for (const lang of [language, ...LANGUAGES]) {
    const value = texts[lang];
    if (value) return { value, lang: lang.replace("_", "-"), dir: "ltr" };
  }
  return { value: "", lang: language.replace("_", "-"), dir: "ltr" };
}

export const missingLanguages = (texts: Texts): Language[] => LANGUAGES.filter((lang) => !texts[lang]);

/** The draft as the viewer reads it. Points are the editor's own to show, so their words and files are left out. */
export function toDocument(draft: Draft, language: Language, start: string): TourDocument {
  return {
    site: draft.site,
    name: pickText(draft.name, language),
    revision: 0,
    start,
    scenes: draft.scenes.map((scene) => ({
      id: scene.id,
      title: pickText(scene.title, language),
      alternative: pickText(scene.alternative, language),
      render: scene.render,
      credit: scene.credit || null,
      licence: scene.licence || null,
      poster: scene.poster,
      thumb: scene.thumb,
      state:
        scene.panorama.state === "ready" ? "ready" : scene.panorama.state === "failed" ? "failed" : "tiling",
      percent: scene.panorama.percent,
      panorama: scene.panorama.files,
      view: scene.view,
      north: scene.north,
      // while one works on a scene one may look closer than visitors will
      limits: null,
      plan: scene.plan,
      hotspots: scene.hotspots.map((point) => ({
        id: point.id,
        kind: point.kind,
        yaw: point.yaw,
        pitch: point.pitch,
        label: pickText(point.label, language),
        to: point.to,
        html: null,
        arrival: point.arrival,
        view: point.view,
        url: point.url,
      })),
    })),
  };
}

/** Whether two values are the same in all that counts. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) =>
    same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
  );
}
