import { expect, test } from "vitest";
import {
  clockTime,
  countdown,
  day,
  moment,
  presenceDetails,
  presenceText,
  timeLeft,
  zoneName,
} from "./format";

const at = Date.UTC(2026, 11, 10, 13, 0);

test("a countdown has hours only when there are any and never goes below zero", () => {
  expect(countdown(12 * 60_000 + 31_000)).toBe("12:31");
  expect(countdown(3_723_000)).toBe("1:02:03");
  expect(countdown(900)).toBe("0:01");
  expect(countdown(-5_000)).toBe("0:00");
});

test("a moment is told in the zone that is asked for", () => {
  expect(moment(at, "Europe/Stockholm", "en")).toContain("14:00");
  expect(moment(at, "Asia/Shanghai", "en")).toContain("21:00");
  expect(clockTime(at, "Africa/Casablanca", "en")).toBe("14:00");
});

test("two zones may have different days", () => {
  const evening = Date.UTC(2026, 11, 10, 22, 0);
  expect(day(evening, "Europe/Stockholm")).toBe("2026-12-10");
  expect(day(evening, "Asia/Shanghai")).toBe("2026-12-11");
});

test("the time left is told in whole minutes and only while there is some", () => {
  expect(timeLeft(0, 30.2 * 60_000)).toBe("31 min left");
  expect(timeLeft(10, 10)).toBeNull();
  expect(timeLeft(0, null)).toBeNull();
});

test("every count says what it counts", () => {
  const presence = { heads: 3, connections: 3, persons: 2, guides: 1, free: 0 };
  expect(presenceText(presence)).toBe("3 people · 2 connections");
  expect(presenceDetails(presence)).toBe(
    "3 people · 2 connections · 2 registered people · 1 host's connection",
  );
  expect(presenceText({ heads: 1, connections: 1, persons: 1, guides: 0, free: 0 })).toBe(
    "1 person · 1 connection",
  );
});

test("a zone is called by its place", () => {
  expect(zoneName("America/Argentina/Buenos_Aires")).toBe("Buenos Aires");
});
