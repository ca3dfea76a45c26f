import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { firstTiles, likelyNext } from "./ahead";
import { arrivalView } from "./arrival";
import { PictureCache, pictures } from "./cache";
import type { Hotspot, Scene, TourDocument } from "./document";
import { limitsOf } from "./document";
import { exampleTour, text } from "./example";
import { Preloader } from "./preloader";
import { project, unproject } from "./projection";

const SHAPE = { width: 800, height: 400 };
const blob = (size: number) => new Blob([new Uint8Array(size)]);

function link(id: string, yaw: number, to: string, more: Partial<Hotspot> = {}): Hotspot {
  return { id, kind: "link", yaw, pitch: 0, label: text(id), to, html: null, ...more };
}

function tourOf(count: number): TourDocument {
  const tour = exampleTour();
  const [quay] = tour.scenes as [Scene];
  tour.scenes = Array.from({ length: count }, (_none, at) => ({
    ...quay,
    id: `s${at}`,
    hotspots: [],
    panorama: quay.panorama && {
      ...quay.panorama,
      base: `/m/${at}/base.jpg`,
      tile: `/m/${at}/{level}/{col}_{row}.jpg`,
    },
  }));
  return tour;
}

describe("arriving through a link", () => {
  const [from, to] = exampleTour().scenes as [Scene, Scene];
  const now = { yaw: 170, pitch: 60, fov: 40 };

  it("looks where the scene begins, unless the link says otherwise", () => {
    expect(arrivalView(link("a", 0, "yard"), from, to, now)).toEqual(to.view);
    expect(arrivalView(link("a", 0, "yard", { arrival: "start" }), from, to, now)).toEqual(to.view);
    const view = { yaw: 5, pitch: 6, fov: 44 };
    expect(arrivalView(link("a", 0, "yard", { arrival: "view", view }), from, to, now)).toEqual(view);
  });

  it("keeps the compass direction over the wrap, and the pitch within what one walks with", () => {
    const heading = link("a", 0, "yard", { arrival: "heading" });
    const there = arrivalView(heading, { ...from, north: 10 }, { ...to, north: 60 }, now);
    expect(there).toEqual({ yaw: -140, pitch: 30, fov: to.view.fov });
    expect(arrivalView(heading, { ...from, north: null }, to, now)).toEqual(to.view);
  });

  it("stays within the scene's own limits, which are never upside down", () => {
    const narrow = { ...to, limits: { min: 60, max: 62 } };
    expect(arrivalView(link("a", 0, "yard"), from, narrow, now).fov).toBe(60);
    expect(limitsOf({ limits: { min: 95, max: 20 } })).toEqual({ min: 89, max: 90 });
    expect(limitsOf({})).toEqual({ min: 30, max: 90 });
    expect(limitsOf({ limits: { min: Number.NaN, max: 90 } })).toEqual({ min: 30, max: 90 });
  });
});

describe("what will likely be wanted", () => {
  it("is where the links nearest to the centre lead, each once and not too many", () => {
    const tour = tourOf(9);
    const [here] = tour.scenes as [Scene];
    here.hotspots = [
      link("far", 170, "s1"),
      link("near", 20, "s2"),
      link("nearer", -5, "s3"),
      link("again", 6, "s2"),
      link("self", 0, "s0"),
      link("gone", 0, "nowhere"),
      ...[4, 5, 6, 7].map((at) => link(`l${at}`, 30 + at * 10, `s${at}`)),
    ];
    const found = likelyNext(tour, here, { yaw: 0, pitch: 0, fov: 70 }, SHAPE);
    expect(found.map(({ scene }) => scene)).toEqual(["s3", "s2", "s4", "s5"]);
    expect(found[0]?.urls[0]).toBe("/m/3/base.jpg");
    expect(found[0]?.urls.slice(1).every((url) => url.startsWith("/m/3/0/"))).toBe(true);
  });

  it("leaves out pictures that are still being made and points that are no ways", () => {
    const tour = exampleTour();
    const [here, , tram] = tour.scenes as [Scene, Scene, Scene];
    here.hotspots = [link("a", 0, tram.id), { ...link("b", 0, "yard"), kind: "info" }];
    expect(likelyNext(tour, here, here.view, SHAPE)).toEqual([]);
  });

  it("names the tiles that a view shows, also across the wrap and at the pole", () => {
    const files = {
      width: 4096,
      height: 2048,
      base: "b",
      levels: [{ width: 2048, cols: 4, rows: 2 }],
      tile: "{level}/{col}_{row}",
    };
    const tiles = (yaw: number, pitch: number, fov = 60) =>
      firstTiles(files, { yaw, pitch, fov }, SHAPE).sort();
    expect(tiles(180, 0)).toEqual(["0/0_0", "0/0_1", "0/3_0", "0/3_1"]);
    expect(tiles(45, 35, 30)).toEqual(["0/2_0"]);
    expect(tiles(0, 90)).toEqual(["0/0_0", "0/1_0", "0/2_0", "0/3_0"]);
    expect(firstTiles(files, { yaw: 0, pitch: 0, fov: 60 }, { width: 0, height: 0 })).toEqual([]);
  });

  it("unprojects what was projected", () => {
    const view = { yaw: 150, pitch: -20, fov: 55 };
    const spot = project({ yaw: -178, pitch: -5 }, view, 800, 400);
    const back = spot && unproject(spot, view, 800, 400);
    expect(back?.yaw).toBeCloseTo(-178, 6);
    expect(back?.pitch).toBeCloseTo(-5, 6);
  });
});

describe("the pictures that were fetched ahead", () => {
  it("are bounded in bytes, the scene used longest ago going first", () => {
    const cache = new PictureCache(1_000, 8);
    cache.add("a1", "a", blob(400));
    cache.add("b1", "b", blob(400));
    cache.get("a1", "a");
    cache.add("c1", "c", blob(400));
    expect([cache.has("a1", "a"), cache.has("b1", "b"), cache.has("c1", "c")]).toEqual([true, false, true]);
    expect(cache.bytes).toBe(800);
  });

  it("are bounded in scenes, and the one in use is never let go of", () => {
    const cache = new PictureCache(100, 2);
    for (const key of ["a", "b", "c"]) cache.add(`${key}1`, key, blob(10));
    expect(cache.keys).toEqual(["b", "c"]);
    cache.add("c2", "c", blob(500));
    expect(cache.keys).toEqual(["c"]);
    cache.add("c2", "c", blob(50));
    expect(cache.bytes).toBe(60);
    cache.drop("c");
    expect(cache.bytes).toBe(0);
  });
});

describe("fetching ahead", () => {
  let asked: string[];
  let release: (() => void)[];
  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    release = [];
    for (const key of pictures.keys) pictures.drop(key);
    vi.stubGlobal("createImageBitmap", async () => ({ close: () => undefined }));
    vi.stubGlobal("fetch", (url: string, { signal }: { signal: AbortSignal }) => {
      asked.push(url);
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new DOMException("gone", "AbortError")));
        release.push(() => resolve({ ok: true, blob: async () => blob(10) }));
      });
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
  const urls = ["/1", "/2", "/3", "/4"];
  const next = [{ scene: "s", key: "k", urls }];
  const settle = () => vi.advanceTimersByTimeAsync(400);

  it("asks for two at a time, in order, and each once", async () => {
    const preloader = new Preloader(
      () => next,
      () => false,
    );
    preloader.wake();
    preloader.wake();
    await settle();
    expect(asked).toEqual(["/1", "/2"]);
    for (let round = 0; round < 4; round++) {
      for (const each of release.splice(0)) each();
      await settle();
    }
    expect(asked).toEqual(urls);
    expect(urls.every((url) => pictures.has(url, "k"))).toBe(true);
  });

  it("waits while the view on screen needs the line, and begins nothing for who saves data", async () => {
    let busy = true;
    const preloader = new Preloader(
      () => next,
      () => busy,
    );
    preloader.wake();
    await settle();
    expect(asked).toEqual([]);
    busy = false;
    Object.defineProperty(navigator, "connection", { value: { saveData: true }, configurable: true });
    preloader.wake();
    await settle();
    expect(asked).toEqual([]);
    Object.defineProperty(navigator, "connection", {
      value: { effectiveType: "slow-2g" },
      configurable: true,
    });
    preloader.wake();
    await settle();
    expect(asked).toEqual([]);
    Object.defineProperty(navigator, "connection", { value: undefined, configurable: true });
    preloader.wake();
    await settle();
    expect(asked).toEqual(["/1", "/2"]);
  });

  it("gives up what is on its way when the person goes elsewhere, and asks again later", async () => {
    const preloader = new Preloader(
      () => next,
      () => false,
    );
    preloader.wake();
    await settle();
    preloader.stop();
    await settle();
    expect(pictures.bytes).toBe(0);
    preloader.wake();
    await settle();
    expect(asked).toEqual(["/1", "/2", "/1", "/2"]);
  });
});
