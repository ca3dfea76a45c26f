import { describe, expect, it } from "vitest";
import { draft, point, scene } from "./example";
import { applied, inverse, missingLanguages, pickText, same, toDocument, withRevision } from "./model";

describe("operations", () => {
  it("carry the revision that is known when they are sent", () => {
    const found = draft();
    expect(withRevision({ op: "hotspot.change", id: "p1", values: { yaw: 5 } }, found).revision).toBe(3);
    expect(withRevision({ op: "scene.remove", id: "hall" }, found).revision).toBe(7);
    expect(withRevision({ op: "scene.order", ids: ["hall", "quay"] }, found).revision).toBe(2);
    expect(withRevision({ op: "put_back", removed: "r" }, found)).toEqual({ op: "put_back", removed: "r" });
  });

  it("leave the draft before them as it was", () => {
    const before = draft();
    const after = applied(before, { ok: true, scenes: [scene("quay", { revision: 8, north: 90 })] });
    expect(before.scenes[0]?.north).toBe(0);
    expect(after.scenes[0]?.north).toBe(90);
    expect(after.scenes[1]).toBe(before.scenes[1]);
  });

  it("take a scene out and bring it back to its place", () => {
    const removed = { id: "r1", kind: "scene" as const, thing: "quay", scene: "quay", name: { en: "quay" } };
    const without = applied(draft(), { ok: true, scenes: [], gone: "quay", removed });
    expect(without.scenes.map((each) => each.id)).toEqual(["hall"]);
    expect(without.removed).toEqual([removed]);
    const back = applied(without, { ok: true, scenes: [scene("quay")], order: ["quay", "hall"] });
    expect(back.scenes.map((each) => each.id)).toEqual(["quay", "hall"]);
    expect(back.removed).toEqual([]);
  });
});

describe("what takes an operation back", () => {
  const answer = { ok: true as const, scenes: [] };

  it("is the old value of what was changed, and of nothing else", () => {
    const op = {
      op: "scene.change" as const,
      id: "quay",
      values: { north: 20, view: { yaw: 1, pitch: 2, fov: 60 } },
    };
    expect(inverse(op, draft(), answer)).toEqual({
      op: "scene.change",
      id: "quay",
      values: { north: 0, view: { yaw: 0, pitch: 0, fov: 70 } },
    });
    const moved = { op: "hotspot.change" as const, id: "p1", values: { yaw: 1 } };
    expect(inverse(moved, draft(), answer)).toEqual({ op: "hotspot.change", id: "p1", values: { yaw: 40 } });
  });

  it("is the whole point when its kind changed, as another kind loses what the old one had", () => {
    const op = {
      op: "hotspot.change" as const,
      id: "p1",
      values: { kind: "info" as const, body: { en: "x" } },
    };
    expect(inverse(op, draft(), answer)).toMatchObject({
      values: { kind: "link", to: "hall", arrival: "heading" },
    });
  });

  it("puts back what was removed and removes what was added or put back", () => {
    const removed = { id: "r1", kind: "hotspot" as const, thing: "p1", scene: "quay", name: {} };
    expect(inverse({ op: "hotspot.remove", id: "p1" }, draft(), { ...answer, removed })).toEqual({
      op: "put_back",
      removed: "r1",
    });
    const added = { op: "hotspot.add" as const, scene: "quay", values: {} };
    expect(inverse(added, draft(), { ...answer, hotspot: "p9" })).toEqual({ op: "hotspot.remove", id: "p9" });
    const back = { op: "put_back" as const, removed: "r1" };
    expect(inverse(back, draft(), { ...answer, scene: "quay", hotspot: "p1" })).toEqual({
      op: "hotspot.remove",
      id: "p1",
    });
    expect(inverse(back, draft(), { ...answer, scene: "hall" })).toEqual({ op: "scene.remove", id: "hall" });
  });

  it("is the order before", () => {
    const op = { op: "scene.order" as const, ids: ["hall", "quay"] };
    expect(inverse(op, draft(), answer)).toEqual({ op: "scene.order", ids: ["quay", "hall"] });
  });
});

describe("the draft for the viewer", () => {
  it("has texts in the language that is wished for or the nearest one", () => {
    const tour = toDocument(draft(), "sv", "quay");
    expect(tour.name.value).toBe("Hamnen");
    expect(tour.scenes[0]?.title).toEqual({ value: "quay", lang: "en", dir: "ltr" });
    expect(pickText({ zh_Hans: "码头" }, "sv")).toMatchObject({ value: "码头", lang: "zh-Hans" });
  });

  it("leads where the draft leads and gives a file to no point", () => {
    const tour = toDocument(draft(), "en", "quay");
    expect(tour.scenes[0]?.hotspots[0]).toMatchObject({ id: "p1", to: "hall", html: null });
  });
});

it("knows which languages a text lacks", () => {
  expect(missingLanguages({ en: "a", zh_Hans: "b" })).toEqual(["sv"]);
});

it("compares values by what is in them", () => {
  expect(same({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true);
  expect(same(point(), point({ yaw: 41 }))).toBe(false);
  expect(same({}, { a: undefined })).toBe(true);
  expect(same(null, {})).toBe(false);
});
