import { expect, test } from "vitest";
import type { Scene, TourDocument } from "../viewer/document";
import { mergeTours, tourMark } from "./tours";

const text = { value: "x", lang: "en", dir: "ltr" as const };
const scene = (id: string, percent = 100): Scene => ({
  id,
  title: text,
  alternative: text,
  render: false,
  credit: null,
  licence: null,
  poster: null,
  thumb: null,
  state: percent === 100 ? "ready" : "tiling",
  percent,
  panorama: null,
  view: { yaw: 0, pitch: 0, fov: 70 },
  north: null,
  hotspots: [],
});
const tour = (site: string, ...scenes: Scene[]): TourDocument => ({
  site,
  name: text,
  revision: 1,
  start: scenes[0]?.id ?? "",
  scenes,
});

test("a room with several sites is one walk, and begins where the first does", () => {
  const merged = mergeTours([tour("a", scene("a1"), scene("a2")), tour("b", scene("b1"), scene("a1"))]);
  expect(merged?.start).toBe("a1");
  expect(merged?.scenes.map(({ id }) => id)).toEqual(["a1", "a2", "b1"]);
});

test("a room without a tour has none", () => {
  expect(mergeTours([])).toBeNull();
  expect(mergeTours([tour("a")])).toBeNull();
});

test("an equal document has an equal mark, and progress of a picture changes it", () => {
  expect(tourMark([tour("a", scene("a1"))])).toBe(tourMark([tour("a", scene("a1"))]));
  expect(tourMark([tour("a", scene("a1", 40))])).not.toBe(tourMark([tour("a", scene("a1", 60))]));
});
