import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TourDocument } from "./document";
import { exampleTour } from "./example";
import { SiteTour } from "./site-tour";
import { TourViewer } from "./tour";

// This environment has no WebGL, which is just the case to look at: stills and words instead of the picture.
// The picture itself is tested in a real browser (tests/e2e).

let container: HTMLElement;
beforeEach(() => {
  container = document.createElement("div");
  document.body.replaceChildren(container);
  history.replaceState(null, "", "/en/sites/example");
  // One scene's picture is being made, so the page asks for news: none comes here.
  vi.stubGlobal("fetch", () => new Promise(() => undefined));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const arrived = (viewer: TourViewer, id: string) => vi.waitFor(() => expect(viewer.scene?.id).toBe(id));

describe("the tour where no panorama can be drawn", () => {
  it("shows the scene's still and words, says so once, and goes on through the scenes", async () => {
    const unavailable = vi.fn();
    const scenes: string[] = [];
    const viewer = new TourViewer(container, exampleTour(), {
      onUnavailable: unavailable,
      onScene: (scene) => scenes.push(scene.id),
    });
    await arrived(viewer, "quay");
    expect(container.textContent).toContain("What one sees at quay.");
    expect(container.querySelector<HTMLElement>("[role=application]")?.hidden).toBe(true);
    expect(await viewer.show("yard")).toBe(true);
    expect(container.querySelector("img.tv-fallback__still")?.getAttribute("src")).toBe("/media/yard.jpg");
    expect(viewer.view()).toEqual({ scene: "yard", yaw: -60, pitch: 5, fov: 50 });
    expect(unavailable).toHaveBeenCalledOnce();
    expect(scenes).toEqual(["quay", "yard"]);
  });

  it("begins where it was asked to, and refuses a scene that is not there", async () => {
    const viewer = new TourViewer(container, exampleTour(), {
      fromScene: "yard",
      view: { yaw: 200, pitch: 1, fov: 60 },
    });
    expect(viewer.view()).toEqual({ scene: "yard", yaw: -160, pitch: 1, fov: 60 });
    expect(viewer.scene).toBeNull();
    await arrived(viewer, "yard");
    expect(await viewer.show("nowhere")).toBe(false);
  });

  it("tells apart what a person does from what a program does", async () => {
    const viewer = new TourViewer(container, exampleTour());
    const inputs: string[] = [];
    viewer.on("input", (by) => inputs.push(by));
    await arrived(viewer, "quay");
    await viewer.show("yard");
    viewer.rotate({ yaw: 1, pitch: 0, fov: 70 });
    expect(inputs).toEqual([]);
    await viewer.visit("quay");
    const [link, info] = viewer.scene?.hotspots ?? [];
    if (info) viewer.open(info);
    expect(container.querySelector("dialog")?.open).toBe(true);
    if (link) viewer.open(link);
    await arrived(viewer, "yard");
    expect(container.querySelector("dialog")?.open).toBe(false);
    expect(inputs).toEqual(["visit", "hotspot", "hotspot"]);
  });

  it("leaves nothing behind when it is destroyed", async () => {
    const viewer = new TourViewer(container, exampleTour());
    await arrived(viewer, "quay");
    viewer.destroy();
    expect(container.childElementCount).toBe(0);
    expect(await viewer.show("yard")).toBe(false);
  });
});

describe("a scene whose picture is being made", () => {
  it("says how far it is, and newer documents move it on", async () => {
    const tour = exampleTour();
    const viewer = new TourViewer(container, tour, { fromScene: "tram" });
    await arrived(viewer, "tram");
    expect(container.querySelector("[role=status]")?.textContent).toContain("40 %");
    const fresh: TourDocument = exampleTour();
    Object.assign(fresh.scenes[2] as object, { percent: 90 });
    viewer.update(fresh);
    expect(container.querySelector("[role=status]")?.textContent).toContain("90 %");
  });
});

describe("the tour on a site's page", () => {
  beforeEach(() => {
    document.body.innerHTML = `
      <section id="tour">
        <div data-tour-stage>
          <img data-tour-poster src="/media/quay.jpg" alt="">
          <form data-tour-start action="/text"><button class="button button--primary" data-tour-walk>Walk</button></form>
        </div>
        <form data-tour-places action="/text">
          <button data-scene="quay">Quay</button><button data-scene="yard">Yard</button>
        </form>
      </section>
      <a class="button next-tour__register" href="#r">Register</a>`;
  });
  afterEach(() => {
    leave();
  });
  const section = () => document.getElementById("tour") as HTMLElement;
  const leave = () =>
    section().dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", cancelable: true }));
  const poster = () => section().querySelector("[data-tour-poster]") as HTMLImageElement;

  it("puts the viewer in the poster's place only when asked, and Escape takes it away", async () => {
    new SiteTour(section(), exampleTour()).start();
    expect(section().querySelector(".tv")).toBeNull();
    section().querySelector<HTMLElement>("[data-tour-walk]")?.click();
    await vi.waitFor(() => expect(section().querySelector("[aria-current]")?.textContent).toBe("Quay"));
    expect([poster().hidden, section().dataset.walking]).toEqual([true, ""]);
    leave();
    expect(section().querySelector(".tv")).toBeNull();
    expect([poster().hidden, section().dataset.walking]).toEqual([false, undefined]);
    expect(document.querySelector(".next-tour__register")?.classList.contains("button--primary")).toBe(true);
    expect(section().querySelector("[data-tour-walk]")?.classList.contains("button--primary")).toBe(false);
  });

  it("begins at the scene of a link, and shows that scene's poster before", async () => {
    history.replaceState(null, "", "/en/sites/example#scene=yard&yaw=33&pitch=1");
    new SiteTour(section(), exampleTour()).start();
    expect(poster().getAttribute("src")).toBe("/media/yard.jpg");
    section().querySelector<HTMLElement>("[data-tour-walk]")?.click();
    await vi.waitFor(
      () => expect(section().querySelector("[aria-current]")?.textContent).toBe("Yard"),
      2_000,
    );
  });

  it("walks to a place from its button and keeps the address up to date", async () => {
    new SiteTour(section(), exampleTour()).start();
    section().querySelector<HTMLElement>("[data-scene=yard]")?.click();
    await vi.waitFor(() => expect(location.hash).toBe("#scene=yard&yaw=-60&pitch=5"), 2_000);
  });

  it("covers the page with the tour alone and gives the page back", async () => {
    new SiteTour(section(), exampleTour()).start();
    section().querySelector<HTMLElement>("[data-tour-walk]")?.click();
    await vi.waitFor(() => expect(section().querySelector("[aria-current]")).not.toBeNull());
    const full = section().querySelector<HTMLElement>("[aria-label='Full screen']");
    full?.click();
    const register = document.querySelector<HTMLElement>(".next-tour__register");
    expect([register?.inert, full?.getAttribute("aria-label")]).toEqual([true, "Leave full screen"]);
    leave();
    expect(register?.inert).toBe(false);
    expect(section().querySelector(".tv")).not.toBeNull();
  });
});
