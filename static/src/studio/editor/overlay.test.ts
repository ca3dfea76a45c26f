import { describe, expect, it } from "vitest";
import { moved, rounded, steps } from "./overlay";

const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({
  key: name,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});

describe("arrow keys on a point", () => {
  it("move it by a degree, with Shift by five", () => {
    expect(steps(key("ArrowRight"))).toEqual({ right: 1, up: 0 });
    expect(steps(key("ArrowDown", { shiftKey: true }))).toEqual({ right: 0, up: -5 });
  });

  it("leave every other key and the browser's own combinations alone", () => {
    expect(steps(key("Tab"))).toBeNull();
    expect(steps(key("ArrowLeft", { altKey: true }))).toBeNull();
    expect(steps(key("ArrowLeft", { metaKey: true }))).toBeNull();
  });
});

describe("a moved point", () => {
  it("goes over the seam and stops at the poles", () => {
    expect(moved({ yaw: 179.5, pitch: 88 }, { right: 5, up: 5 })).toEqual({ yaw: -175.5, pitch: 90 });
  });

  it("is kept to a tenth of a degree", () => {
    expect(rounded({ yaw: 12.345, pitch: -0.04 })).toEqual({ yaw: 12.3, pitch: -0 });
  });
});
