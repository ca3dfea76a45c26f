/** A small tour for tests: two scenes with a link between them, and one whose picture is being made. */
import type { Scene, Text, TourDocument } from "./document";

export const text = (value: string, lang = "en"): Text => ({
  value,
  lang,
  dir: lang === "ar" ? "rtl" : "ltr",
});

const scene = (id: string, more: Partial<Scene>): Scene => ({
  id,
  title: text(`Scene ${id}`),
  alternative: text(`What one sees at ${id}.`),
  render: false,
  credit: null,
  licence: null,
  poster: `/media/${id}.jpg`,
  thumb: `/media/${id}-small.jpg`,
  state: "ready",
  percent: 100,
  panorama: {
    width: 4096,
    height: 2048,
    base: `/media/${id}/base.jpg`,
    levels: [{ width: 2048, cols: 4, rows: 2 }],
    tile: `/media/${id}/{level}/{col}_{row}.jpg`,
  },
  view: { yaw: 10, pitch: 0, fov: 70 },
  north: null,
  hotspots: [],
  ...more,
});

export function exampleTour(): TourDocument {
  const link = { kind: "link" as const, html: null, pitch: 0 };
  return {
    site: "example",
    name: text("Example"),
    revision: 1,
    start: "quay",
    scenes: [
      scene("quay", {
        hotspots: [
          { ...link, id: "to-yard", yaw: 12, label: text("To the yard"), to: "yard" },
          {
            id: "boats",
            kind: "info",
            yaw: 60,
            pitch: -5,
            label: text("قوارب", "ar"),
            to: null,
            html: text("<p>They run on <em>batteries</em>.</p>"),
          },
        ],
      }),
      scene("yard", {
        view: { yaw: -60, pitch: 5, fov: 50 },
        hotspots: [{ ...link, id: "to-quay", yaw: 0, label: text("To the quay"), to: "quay" }],
      }),
      scene("tram", { state: "tiling", percent: 40, panorama: null, thumb: null, poster: null }),
    ],
  };
}
