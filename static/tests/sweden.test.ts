import { describe, expect, it } from "vitest";
import { place, sweden } from "../build/sweden.mjs";

describe("the map of Sweden", () => {
  const { data, svg } = sweden();

  it("places towns where they belong: Malmö low, Umeå high and to the east of Göteborg", () => {
    const malmo = place(data.projection, 55.6, 13.0);
    const umea = place(data.projection, 63.83, 20.26);
    const goteborg = place(data.projection, 57.71, 11.97);
    expect(malmo[1]).toBeGreaterThan(goteborg[1]);
    expect(umea[1]).toBeLessThan(goteborg[1]);
    expect(umea[0]).toBeGreaterThan(goteborg[0]);
    for (const [x, y] of [malmo, umea, goteborg]) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(data.width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(data.height);
    }
  });

  it("is small enough to be sent over a slow line", () => {
    expect(svg.length).toBeLessThan(30_000);
  });
});
