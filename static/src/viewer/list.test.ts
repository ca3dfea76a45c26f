import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exampleTour } from "./example";
import { TourList } from "./list";
import { watchTiling } from "./tiling";

let container: HTMLElement;
beforeEach(() => {
  document.documentElement.lang = "en";
  container = document.createElement("div");
  document.body.replaceChildren(container);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function list(own: HTMLElement | null = null) {
  const chosen: string[] = [];
  const made = new TourList(
    container,
    exampleTour(),
    { onScene: (id) => chosen.push(id), onHotspot: (hotspot) => chosen.push(hotspot.id) },
    2,
    own,
  );
  return { made, chosen };
}
const labels = (selector: string) =>
  [...container.querySelectorAll(selector)].map((each) => each.textContent);

describe("the list beside the picture", () => {
  it("has a button for every scene, and says which picture is still being made", () => {
    const { chosen } = list();
    const buttons = [...container.querySelectorAll<HTMLButtonElement>("button[data-scene]")];
    expect(buttons.map((each) => each.textContent)).toEqual([
      "Scene quay",
      "Scene yard",
      "Scene tramBeing prepared: 40 %",
    ]);
    buttons[1]?.click();
    expect(chosen).toEqual(["yard"]);
  });

  it("marks the scene on screen and lists its hotspots with their languages", () => {
    const { made, chosen } = list();
    made.setCurrent("quay");
    expect(labels("[aria-current]")).toEqual(["Scene quay"]);
    expect(labels("[data-hotspot]")).toEqual(["To the yard", "قوارب"]);
    const arabic = container.querySelector<HTMLElement>("[data-hotspot=boats] [lang]");
    expect([arabic?.lang, arabic?.dir]).toEqual(["ar", "rtl"]);
    container.querySelector<HTMLElement>("[data-hotspot=boats]")?.click();
    expect(chosen).toEqual(["boats"]);
  });

  it("tells screen readers the scene and its text alternative, once", () => {
    const { made } = list();
    made.setCurrent("quay");
    const live = container.querySelector("[aria-live=polite]");
    expect(live?.textContent).toBe("Scene quay. What one sees at quay.");
    const watcher = vi.fn();
    const observer = new MutationObserver(watcher);
    observer.observe(live as Element, { childList: true });
    made.setCurrent("quay");
    expect(observer.takeRecords()).toEqual([]);
    observer.disconnect();
  });

  it("keeps the focus in the list when the pressed link goes away with its scene", () => {
    const { made } = list();
    made.setCurrent("quay");
    container.querySelector<HTMLElement>("[data-hotspot=to-yard]")?.focus();
    made.setCurrent("yard");
    expect(document.activeElement?.textContent).toBe("In this place");
  });

  it("keeps the focus on a scene's button when a newer document comes", () => {
    const { made } = list();
    container.querySelector<HTMLElement>("[data-scene=yard]")?.focus();
    made.update(exampleTour());
    expect((document.activeElement as HTMLElement).dataset.scene).toBe("yard");
  });

  it("takes over a list that the page has written", () => {
    const own = document.createElement("form");
    own.innerHTML = `
      <button type="submit" data-scene="quay">Quay</button>
      <button type="submit" data-scene="tram"><span class="place__none"><span>40 %</span></span></button>`;
    document.body.prepend(own);
    const submitted = vi.fn((event: Event) => event.preventDefault());
    own.addEventListener("submit", submitted);
    const { made, chosen } = list(own);
    own.querySelector<HTMLElement>("button")?.click();
    expect(chosen).toEqual(["quay"]);
    expect(submitted).not.toHaveBeenCalled();
    const fresh = exampleTour();
    Object.assign(fresh.scenes[2] as object, { percent: 70 });
    made.update(fresh);
    expect(own.querySelector(".place__none")?.textContent).toBe("70 %");
    Object.assign(fresh.scenes[2] as object, { state: "ready", thumb: "/t.jpg" });
    made.update(fresh);
    expect(own.querySelector("[data-scene=tram] img")?.getAttribute("src")).toBe("/t.jpg");
    made.setCurrent("quay");
    expect(own.querySelector("[aria-current]")?.textContent).toBe("Quay");
    expect(labels("[data-scene]")).toEqual([]);
  });

  it("forgets the scene on screen when the tour is closed", () => {
    const { made } = list();
    made.setCurrent("quay");
    made.clearCurrent();
    expect(labels("[aria-current], [data-hotspot]")).toEqual([]);
  });
});

describe("waiting for pictures", () => {
  it("asks again until none is being made, also after a broken line", async () => {
    vi.useFakeTimers();
    const done = exampleTour();
    Object.assign(done.scenes[2] as object, { state: "ready" });
    const half = exampleTour();
    Object.assign(half.scenes[2] as object, { percent: 80 });
    const answers: (() => Promise<unknown>)[] = [
      async () => ({ ok: true, json: async () => half }),
      async () => Promise.reject(new Error("lost line")),
      async () => ({ ok: true, json: async () => done }),
    ];
    const fetched = vi.fn(() => (answers.shift() as () => Promise<unknown>)());
    vi.stubGlobal("fetch", fetched);
    const percents: (number | undefined)[] = [];
    watchTiling(exampleTour(), "/tour.json", (tour) => percents.push(tour.scenes[2]?.percent));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetched).toHaveBeenCalledTimes(3);
    expect(percents).toEqual([80, 40]);
  });

  it("asks for nothing when every picture is there", async () => {
    vi.useFakeTimers();
    const tour = exampleTour();
    tour.scenes.pop();
    const fetched = vi.fn();
    vi.stubGlobal("fetch", fetched);
    watchTiling(tour, "/tour.json", () => undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetched).not.toHaveBeenCalled();
  });
});
