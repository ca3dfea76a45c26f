/** A small draft for tests: two scenes with a way from one to the other. */
import type { Draft, DraftPoint, DraftScene } from "./model";

export const point = (more: Partial<DraftPoint> = {}): DraftPoint => ({
  id: "p1",
  scene: "quay",
  revision: 3,
  kind: "link",
  yaw: 40,
  pitch: 0,
  label: { en: "To the hall" },
  body: {},
  to: "hall",
  arrival: "heading",
  view: null,
  asset: null,
  captions: null,
  url: null,
  ...more,
});

export const scene = (id: string, more: Partial<DraftScene> = {}): DraftScene => ({
  id,
  key: id,
  revision: 7,
  position: 0,
  title: { en: id },
  alternative: { en: `What one sees at ${id}.` },
  view: { yaw: 0, pitch: 0, fov: 70 },
  north: 0,
  limits: { min: 30, max: 90 },
  plan: null,
  regions: [],
  credit: "",
  licence: "",
  render: false,
  withdrawn: false,
  poster: null,
  thumb: null,
  panorama: { state: "ready", percent: 100, error: null, files: null },
  hotspots: [],
  ...more,
});

export const draft = (): Draft => ({
  site: "harbour",
  name: { en: "Harbour", sv: "Hamnen" },
  tour: { revision: 2, plan: null, north: 0 },
  scenes: [scene("quay", { hotspots: [point()] }), scene("hall")],
  assets: [],
  removed: [],
});
