import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Compass } from "./compass";
import { fill } from "./content";
import type { Hotspot } from "./document";
import { exampleTour, text } from "./example";
import { lookOf } from "./gyroscope";
import { detailOf, hostOf, safeUrl, size } from "./kinds";
import { hasPlan, PlanMap, planHeading } from "./plan";
import { share, shareAddress } from "./share";

const point = (kind: string, more: Partial<Hotspot> = {}): Hotspot => ({
  id: "p",
  kind,
  yaw: 0,
  pitch: 0,
  label: text("Pump"),
  to: null,
  html: text("<p>It moves water.</p>"),
  ...more,
});
const file = (type: string, name: string, url = "/media/assets/1") => ({
  url,
  type,
  name,
  bytes: 2_400_000,
  width: 800,
  height: 400,
});

function shown(hotspot: Hotspot): HTMLElement {
  const body = document.createElement("div");
  fill(body, hotspot);
  return body;
}

beforeEach(() => {
  document.documentElement.lang = "en";
});
afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe("addresses of points", () => {
  it("are followed only when they are http, https or mailto", () => {
    for (const bad of [
      "javascript:alert(1)",
      " javascript:alert(1)",
      "java\nscript:alert(1)",
      "data:text/html,x",
      "vbscript:x",
      "file:///etc/passwd",
      "blob:https://example.org/1",
      "//example.org",
      "/path",
      "mailto:",
      "https://",
      "",
    ])
      expect(safeUrl(bad), bad).toBeNull();
    expect(hostOf("https://user:secret@example.org:8443/x")).toBe("example.org:8443");
    expect(hostOf("mailto:a%40b@example.org")).toBe("a@b@example.org");
  });

  it("that may not be followed make no link, whatever the document says", () => {
    const body = shown(point("outside", { url: "javascript:alert(1)" }));
    expect(body.querySelector("a")).toBeNull();
    expect(body.textContent).toContain("It moves water.");
    expect(
      shown(point("picture", { asset: file("image/png", "a.png", "https://evil.example/x") })).querySelector(
        "img",
      ),
    ).toBeNull();
    expect(
      shown(point("document", { asset: file("application/pdf", "a.pdf", "//evil.example/x") })).querySelector(
        "a",
      ),
    ).toBeNull();
  });
});

describe("what a point shows", () => {
  it("is an outside link that names its host and says that it opens beside", () => {
    const link = shown(point("outside", { url: "https://example.org/a" })).querySelector("a");
    expect([link?.href, link?.rel, link?.target]).toEqual([
      "https://example.org/a",
      "noopener noreferrer",
      "_blank",
    ]);
    expect(link?.textContent).toBe("example.orgopens in a new tab");
  });

  it("is a document with its kind and size", () => {
    const hotspot = point("document", { asset: file("application/pdf", "Report.pdf") });
    expect(detailOf(hotspot)).toBe("PDF, 2.4 MB");
    expect(shown(hotspot).querySelector("a")?.textContent).toBe("Report.pdfPDF, 2.4 MBopens in a new tab");
    expect([size(0), size(999), size(12_345), size(1_000_000)]).toEqual([
      "0 byte",
      "999 byte",
      "12 kB",
      "1 MB",
    ]);
  });

  it("is a film that loads nothing by itself, with captions and what is said as text", () => {
    const captions = { url: "/media/assets/2", lang: "sv" };
    const body = shown(point("video", { asset: file("video/mp4", "a.mp4"), captions }));
    const film = body.querySelector("video");
    expect([film?.preload, film?.controls]).toEqual(["none", true]);
    expect(body.querySelector("track")?.getAttribute("srclang")).toBe("sv");
    expect(body.textContent).toContain("What is said and shownIt moves water.");
  });

  it("is words, for a kind that this program doesn't know", () => {
    expect(
      shown(point("hologram", { html: text("قوارب", "ar") })).querySelector<HTMLElement>("[lang=ar]")?.dir,
    ).toBe("rtl");
    expect(shown(point("info", { html: null })).childElementCount).toBe(0);
  });
});

describe("the compass", () => {
  it("points to the north and turns there when pressed", () => {
    const turns: number[] = [];
    const compass = new Compass(({ yaw }) => turns.push(yaw));
    const [scene] = exampleTour().scenes;
    if (!scene) throw new Error("no scene");
    compass.show(scene);
    expect(compass.element.hidden).toBe(true);
    compass.show({ ...scene, north: 90 });
    compass.point({ scene: scene.id, yaw: 20, pitch: 3, fov: 60 });
    expect(compass.element.hidden).toBe(false);
    compass.element.click();
    expect(turns).toEqual([90]);
  });
});

describe("the map", () => {
  const placed = () => {
    const tour = exampleTour();
    tour.scenes.forEach((scene, at) => {
      if (at < 2) scene.plan = { x: 0.25 * (at + 1), y: 0.5 };
      scene.north = 30;
    });
    return tour;
  };

  it("is there when two scenes have a place on it, with a real button for each", () => {
    const tour = placed();
    expect([hasPlan(tour), hasPlan(exampleTour())]).toEqual([true, false]);
    const visited: string[] = [];
    const plan = new PlanMap(tour, document.createElement("button"), (id) => visited.push(id));
    document.body.append(plan.element);
    const points = [...plan.element.querySelectorAll("button")];
    expect(points.map((each) => each.getAttribute("aria-label"))).toEqual(["Scene quay", "Scene yard"]);
    points[1]?.click();
    expect(visited).toEqual(["yard"]);
    const [quay] = tour.scenes;
    if (quay) plan.show(quay);
    expect(plan.element.querySelector("[aria-current]")?.getAttribute("aria-label")).toBe("Scene quay");
    plan.update(exampleTour());
    expect([plan.button.hidden, plan.element.hidden]).toEqual([true, true]);
  });

  it("turns the cone by the scene's north and the drawing's", () => {
    const tour = placed();
    const [quay] = tour.scenes;
    if (!quay) throw new Error("no scene");
    expect(planHeading(tour, quay, 75)).toBe(45);
    tour.plan = { url: "/p", width: 4, height: 3, north: 90 };
    expect(planHeading(tour, quay, 75)).toBe(135);
    expect(planHeading(tour, { ...quay, north: null }, 75)).toBeNull();
  });
});

describe("turning the device", () => {
  const look = (alpha: number, beta: number, gamma: number) => {
    const found = lookOf({ alpha, beta, gamma });
    return found && [Math.round(found.yaw), Math.round(found.pitch)].map((each) => each + 0);
  };

  it("looks with its back: upright straight ahead, turned right to the right, tilted up upwards", () => {
    expect(look(0, 90, 0)).toEqual([0, 0]);
    expect(look(330, 90, 0)).toEqual([30, 0]);
    expect(look(0, 120, 0)).toEqual([0, 30]);
    expect(look(0, 60, 0)).toEqual([0, -30]);
    expect(look(0, 0, -90)).toEqual([90, 0]);
    expect(look(90, 0, -90)).toEqual([0, 0]);
  });

  it("knows nothing of a device that says nothing", () => {
    expect(lookOf({ alpha: null, beta: null, gamma: null })).toBeNull();
  });
});

describe("sharing", () => {
  const view = { scene: "quay", yaw: 5, pitch: 1, fov: 70 };

  it("passes on the public page and the view, and nothing else of the address", () => {
    const address = shareAddress("/en/sites/example?token=secret#scene=other", exampleTour(), view);
    expect(address).toBe(`${location.origin}/en/sites/example#scene=quay&yaw=5&pitch=1`);
    expect(shareAddress("https://tours.example/en/sites/x", exampleTour(), view)).toMatch(
      /^https:\/\/tours\.example\/en\/sites\/x#scene=quay/,
    );
  });

  it("uses the device's sheet, else the clipboard, and says when neither works", async () => {
    const given = vi.fn(async () => undefined);
    const copied = vi.fn(async () => undefined);
    vi.stubGlobal("navigator", { share: given, canShare: () => true, clipboard: { writeText: copied } });
    expect(await share("https://a.example", "A")).toBe("shared");
    vi.stubGlobal("navigator", {
      share: () => Promise.reject(new DOMException("no", "AbortError")),
      canShare: () => true,
      clipboard: { writeText: copied },
    });
    expect(await share("https://a.example", "A")).toBe("given up");
    expect(copied).not.toHaveBeenCalled();
    vi.stubGlobal("navigator", { clipboard: { writeText: copied } });
    expect(await share("https://a.example", "A")).toBe("copied");
    vi.stubGlobal("navigator", {});
    expect(await share("https://a.example", "A")).toBe("failed");
  });
});
