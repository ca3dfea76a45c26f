import { describe, expect, it } from "vitest";
import { browserOffset, parseOffset } from "../src/page/zone";

describe("offsets of time zones", () => {
  it("are read as the server writes them", () => {
    expect(["UTC", "UTC+1", "UTC+5:30", "UTC−3:30", "UTC-7", "half past"].map(parseOffset)).toEqual([
      0,
      60,
      330,
      -210,
      -420,
      null,
    ]);
  });

  it("are known to the browser for winter and summer", () => {
    expect(browserOffset(new Date("2026-12-10T14:00:00Z"), "Europe/Stockholm")).toBe(60);
    expect(browserOffset(new Date("2026-07-10T14:00:00Z"), "Europe/Stockholm")).toBe(120);
    expect(browserOffset(new Date("2026-07-10T14:00:00Z"), "Asia/Kolkata")).toBe(330);
  });

  it("are unknown for a zone that does not exist", () => {
    expect(browserOffset(new Date(), "Nowhere/Land")).toBeNull();
  });
});
