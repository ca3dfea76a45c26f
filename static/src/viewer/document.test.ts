import { describe, expect, it } from "vitest";
import {
  angleBetween,
  between,
  cleanView,
  fovToZoom,
  sameView,
  shortestTurn,
  tileUrl,
  wrapYaw,
  zoomToFov,
} from "./document";
import { project } from "./projection";

describe("angles", () => {
  it("wraps any yaw into the range that ends with 180", () => {
    expect(wrapYaw(190)).toBe(-170);
    expect(wrapYaw(-190)).toBe(170);
    expect(wrapYaw(-180)).toBe(180);
    expect(wrapYaw(725)).toBe(5);
  });

  it("turns the short way around the back", () => {
    expect(shortestTurn(170, -170)).toBe(20);
    expect(shortestTurn(-170, 170)).toBe(-20);
    expect(between({ yaw: 170, pitch: 0, fov: 70 }, { yaw: -170, pitch: 10, fov: 50 }, 0.5)).toEqual({
      yaw: 180,
      pitch: 5,
      fov: 60,
    });
  });

  it("ends a way exactly where it leads", () => {
    const to = { yaw: -33.3, pitch: 12.1, fov: 41.7 };
    expect(between({ yaw: 1, pitch: 2, fov: 70 }, to, 1)).toEqual(to);
  });

  it("maps the field of view to the library's zoom and back", () => {
    expect(fovToZoom(90)).toBe(0);
    expect(fovToZoom(30)).toBe(100);
    expect(zoomToFov(fovToZoom(47.3))).toBeCloseTo(47.3, 9);
  });

  it("measures the angle between directions, also over the pole", () => {
    expect(angleBetween({ yaw: 0, pitch: 80 }, { yaw: 180, pitch: 80 })).toBeCloseTo(20, 6);
    expect(angleBetween({ yaw: 179, pitch: 0 }, { yaw: -179, pitch: 0 })).toBeCloseTo(2, 6);
  });

  it("keeps a view within what can be shown", () => {
    expect(cleanView({ yaw: 400, pitch: 99, fov: 5 })).toEqual({ yaw: 40, pitch: 90, fov: 30 });
  });

  it("takes views on both sides of the wrap for the same", () => {
    const view = { scene: "a", yaw: 180, pitch: 0, fov: 70 };
    expect(sameView(view, { ...view, yaw: -179.99 })).toBe(true);
    expect(sameView(view, { ...view, scene: "b" })).toBe(false);
  });

  it("fills in the address of a tile", () => {
    const files = { width: 1, height: 1, base: "", levels: [], tile: "/m/{level}/{col}_{row}.jpg" };
    expect(tileUrl(files, 2, 7, 3)).toBe("/m/2/7_3.jpg");
  });
});

describe("projection", () => {
  const view = { yaw: 20, pitch: 10, fov: 60 };

  it("puts what one looks at in the middle", () => {
    const spot = project({ yaw: 20, pitch: 10 }, view, 800, 400);
    expect(spot?.x).toBeCloseTo(400, 6);
    expect(spot?.y).toBeCloseTo(200, 6);
  });

  it("puts half a field of view at the upper edge", () => {
    expect(project({ yaw: 20, pitch: 40 }, view, 800, 400)?.y).toBeCloseTo(0, 6);
  });

  it("puts what lies to the right on the right, also across the wrap", () => {
    const back = { yaw: 179, pitch: 0, fov: 60 };
    expect(project({ yaw: -175, pitch: 0 }, back, 800, 400)?.x).toBeGreaterThan(400);
    expect(project({ yaw: 170, pitch: 0 }, back, 800, 400)?.x).toBeLessThan(400);
  });

  it("shows nothing of what lies behind", () => {
    expect(project({ yaw: -160, pitch: 0 }, view, 800, 400)).toBeNull();
  });
});
