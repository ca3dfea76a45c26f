import { expect, test } from "vitest";
import { ServerClock } from "./clock";

test("a ping gives the offset within half of its round trip", () => {
  let local = 1_000;
  const clock = new ServerClock(() => local);
  local = 1_080;
  clock.pinged(1_000, 6_040, 1_080);
  expect(clock.offset).toBe(5_000);
  expect(clock.now()).toBe(6_080);
});

test("a heartbeat serves until a ping comes and does not replace it", () => {
  const clock = new ServerClock(() => 0);
  clock.told(4_900);
  expect(clock.offset).toBe(4_900);
  clock.pinged(0, 5_010, 20);
  expect(clock.offset).toBe(5_000);
  clock.told(4_850);
  expect(clock.offset).toBe(5_000);
});

test("a faster ping replaces a slower one, not the other way round", () => {
  const clock = new ServerClock(() => 0);
  clock.pinged(0, 1_000, 300);
  clock.pinged(0, 1_000, 40);
  expect(clock.offset).toBe(980);
  clock.pinged(0, 1_200, 600);
  expect(clock.offset).toBe(980);
});

test("a local clock that was set anew is noticed at once", () => {
  let local = 0;
  const clock = new ServerClock(() => local);
  clock.pinged(0, 5_000, 10);
  local = 3_600_000;
  clock.told(10_000);
  expect(clock.now()).toBe(10_000);
});
