import { expect, test } from "vitest";
import type { Scene, TourDocument } from "../viewer/document";
import type { TourOffer } from "./protocol";
import { inLanguage, mergeTours, newerTours, startInstead, tourMark, tourMarks } from "./tours";

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

test("points on the plans of several sites are not drawn onto one of them", () => {
  const point = { plan: { x: 0.5, y: 0.5 } };
  const one = { ...tour("a", { ...scene("a1"), ...point }), plan: null };
  expect(mergeTours([one])?.scenes[0]?.plan).toEqual(point.plan);
  expect(mergeTours([one, tour("b", scene("b1"))])?.scenes.map(({ plan }) => plan)).toEqual([null, null]);
});

test("whose scene is gone goes to the start of the same site's tour, or of the room's first", () => {
  const before = [tour("a", scene("a1")), tour("b", scene("b1"), scene("b2"))];
  const after = [tour("a", scene("a1")), tour("b", scene("b1"))];
  expect(startInstead(before, after, "b2")?.id).toBe("b1");
  expect(startInstead(before, [tour("a", scene("a1")), tour("b")], "b2")?.id).toBe("a1");
  expect(startInstead(before, [], "b2")).toBeUndefined();
});

test("an offer counts as long as the page shows an older tour of its site", () => {
  const offer = { site: "1", slug: "a", revision: "r", number: 2 } as TourOffer;
  const offers = new Map([["1", offer]]);
  expect(newerTours(offers, [tour("a", scene("a1"))])).toEqual([offer]);
  expect(newerTours(offers, [{ ...tour("a", scene("a1")), revision: 2 }])).toEqual([]);
  expect(newerTours(offers, [tour("b", scene("b1"))])).toEqual([]);
});

test("a page says which tours it shows, and names are in its language if they are", () => {
  expect(tourMarks([tour("a", scene("a1")), tour("b")])).toEqual(["a@1", "b@1"]);
  expect(inLanguage({ en: "Quay", sv: "Kajen" }, "sv")).toBe("Kajen");
  expect(inLanguage({ en: "Quay" }, "zh_Hans")).toBe("Quay");
  expect(inLanguage({ sv: "Kajen" }, "en")).toBe("Kajen");
  expect(inLanguage({}, "en")).toBe("");
});
