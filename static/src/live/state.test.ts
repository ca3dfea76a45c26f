import { describe, expect, test } from "vitest";
import type { RoomEvent } from "./protocol";
import {
  applyEvent,
  applyHeads,
  applySnapshot,
  applyTours,
  applyView,
  applyVote,
  EMPTY,
  type RoomState,
} from "./state";

let seq = 0;
const event = (kind: string, data: Record<string, unknown> = {}): RoomEvent => {
  seq += 1;
  return { seq, kind, at: seq * 1_000, data };
};
const question = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  text: `Question ${id}`,
  state: "approved",
  revision: 1,
  asked_at: 1,
  votes: 0,
  author: "Amina",
  country: "MA",
  lang: "fr",
  order: 0,
  ...more,
});
const all = (state: RoomState, channel: "public" | "person" | "staff", ...events: RoomEvent[]) =>
  events.reduce((now, next) => applyEvent(now, channel, next), state);
const states = (state: RoomState) =>
  Object.fromEntries([...state.questions.values()].map((q) => [q.id, q.state]));

describe("the public channel", () => {
  test("a snapshot replaces room, guide, view and questions", () => {
    const state = applySnapshot(EMPTY, "public", {
      room: { state: "open", opened_at: 5, ended_at: null },
      guide: { id: "u1", name: "Astrid" },
      view: { scene: "quay", yaw: 10, pitch: -2, fov: 60, t: 99 },
      tour: [],
      questions: [question("a", { order: 3 }), question("b", { order: 4 })],
      live_question: "b",
    });
    expect(state.ready).toBe(true);
    expect(state.room.state).toBe("open");
    expect(state.guide?.name).toBe("Astrid");
    expect(state.view).toEqual({ scene: "quay", yaw: 10, pitch: -2, fov: 60, t: 99 });
    expect(states(state)).toEqual({ a: "approved", b: "live" });
  });

  test("a question goes from approved to live to answered", () => {
    let state = all(EMPTY, "public", event("question.approved", { question: question("a") }));
    expect(states(state)).toEqual({ a: "approved" });
    state = all(state, "public", event("question.live", { id: "a", revision: 2 }));
    expect(state.questions.get("a")).toMatchObject({ state: "live", revision: 2 });
    state = all(state, "public", event("question.answered", { id: "a", revision: 3 }));
    expect(state.questions.get("a")).toMatchObject({ state: "answered", revision: 3 });
  });

  test("only one question is live", () => {
    const state = all(
      EMPTY,
      "public",
      event("question.approved", { question: question("a") }),
      event("question.approved", { question: question("b") }),
      event("question.live", { id: "a", revision: 2 }),
      event("question.live", { id: "b", revision: 2 }),
    );
    expect(states(state)).toEqual({ a: "approved", b: "live" });
  });

  test("a question without an order takes its place by the number of its approval and keeps it", () => {
    const approved = event("question.approved", { question: question("a") });
    let state = all(EMPTY, "public", approved);
    expect(state.questions.get("a")?.order).toBe(approved.seq);
    state = all(state, "public", event("question.live", { id: "a", revision: 2 }));
    expect(state.questions.get("a")?.order).toBe(approved.seq);
  });

  test("a declined or withdrawn question leaves everyone's list", () => {
    const state = all(
      EMPTY,
      "public",
      event("question.approved", { question: question("a") }),
      event("question.approved", { question: question("b") }),
      event("question.declined", { id: "a" }),
      event("question.withdrawn", { id: "b" }),
    );
    expect(state.questions.size).toBe(0);
  });

  test("the room opens, ends and opens again", () => {
    let state = all(EMPTY, "public", event("room.opened"));
    expect(state.room.state).toBe("open");
    state = all(state, "public", event("room.ended"));
    expect(state.room.state).toBe("ended");
    state = all(state, "public", event("room.opened"));
    expect(state.room.state).toBe("open");
  });

  test("the guide changes and may be nobody", () => {
    let state = all(EMPTY, "public", event("guide.changed", { guide: { id: "u2", name: "Erik" } }));
    expect(state.guide?.id).toBe("u2");
    state = all(state, "public", event("guide.changed", { guide: null }));
    expect(state.guide).toBeNull();
  });

  test("a guide's scene of the log does not take the picture back behind a newer view", () => {
    const newest = { scene: "yard", yaw: 1, pitch: 0, fov: 70, t: 9_999_999 };
    let state = applyView(EMPTY, newest);
    state = all(state, "public", event("guide.scene", { scene: "quay", yaw: 0, pitch: 0, fov: 70 }));
    expect(state.view).toBe(newest);
  });

  test("unknown kinds and malformed data change nothing", () => {
    const before = all(EMPTY, "public", event("question.approved", { question: question("a") }));
    for (const strange of [
      event("poll.opened", { id: "x" }),
      event("question.approved", {}),
      event("question.live", { id: 7 }),
      event("guide.scene", { scene: "quay", yaw: "left" }),
    ]) {
      expect(applyEvent(before, "public", strange)).toEqual(before);
    }
  });

  test("no event changes the state that went in", () => {
    const before = all(EMPTY, "public", event("question.approved", { question: question("a") }));
    const copy = JSON.stringify([...before.questions]);
    all(before, "public", event("question.live", { id: "a" }), event("question.declined", { id: "a" }));
    expect(JSON.stringify([...before.questions])).toBe(copy);
  });
});

describe("the person's and the crew's channels", () => {
  test("an own question is pending and may be declined with a reason", () => {
    let state = all(EMPTY, "person", event("question.pending", question("a", { state: "pending" })));
    expect(state.mine.get("a")?.state).toBe("pending");
    state = all(state, "person", event("question.declined", { id: "a", reason: "Asked before" }));
    expect(state.mine.get("a")).toMatchObject({ state: "declined", reason: "Asked before" });
    expect(state.questions.size).toBe(0);
  });

  test("the crew's list keeps declined questions", () => {
    const state = all(
      EMPTY,
      "staff",
      event("question.pending", { question: question("a", { state: "pending" }) }),
      event("question.declined", {
        question: question("a", { state: "declined", revision: 2, reason: "Off" }),
      }),
    );
    expect(state.staff.get("a")).toMatchObject({ state: "declined", revision: 2, reason: "Off" });
  });

  test("a vote counts once however often it is told", () => {
    let state = all(EMPTY, "public", event("question.approved", { question: question("a", { votes: 4 }) }));
    state = applyVote(state, "a", true);
    state = applyVote(state, "a", true);
    state = all(state, "person", event("vote", { question: "a", on: true }));
    expect(state.questions.get("a")?.votes).toBe(5);
    expect(state.votes.has("a")).toBe(true);
    state = all(state, "person", event("vote", { question: "a", on: false }));
    expect(state.questions.get("a")?.votes).toBe(4);
  });

  test("the heartbeat's tallies are the truth in every list", () => {
    let state = all(EMPTY, "public", event("question.approved", { question: question("a") }));
    state = all(state, "staff", event("question.approved", { question: question("a") }));
    state = applyHeads(state, { now: 1, tallies: { a: 12, unknown: 3 } });
    expect(state.questions.get("a")?.votes).toBe(12);
    expect(state.staff.get("a")?.votes).toBe(12);
    expect(state.questions.has("unknown")).toBe(false);
  });

  test("presence keeps the last word when a heartbeat has none", () => {
    const presence = { connections: 3, persons: 2, heads: 5, guides: 1, free: 0 };
    let state = applyHeads(EMPTY, { now: 1, presence });
    state = applyHeads(state, { now: 2 });
    expect(state.presence).toEqual(presence);
  });
});

describe("newer tours", () => {
  const offer = (number: number) => ({
    site: "s1",
    slug: "quay",
    name: { en: "Quay" },
    revision: `r${number}`,
    number,
    kind: "withdrawal",
    scenes_gone: [{ id: "a", title: { en: "Hall" } }],
  });

  test("the crew's snapshot and events tell the newest of each site", () => {
    let state = applySnapshot(EMPTY, "staff", { questions: [], offers: [offer(2), { site: "broken" }] });
    expect([...state.offers.values()].map(({ number }) => number)).toEqual([2]);
    state = all(state, "staff", event("tour.offered", offer(4)), event("tour.offered", offer(3)));
    expect(state.offers.get("s1")).toEqual(offer(4));
    expect(all(EMPTY, "public", event("tour.offered", offer(2))).offers.size).toBe(0);
  });

  test("documents take the place of those before; the event alone changes nothing", () => {
    const document = {
      site: "quay",
      name: { value: "Quay", lang: "en", dir: "ltr" },
      revision: 2,
      scenes: [],
    };
    const state = applyTours(EMPTY, [document, "broken"]);
    expect(state.tour).toEqual([document]);
    expect(all(state, "public", event("tour.changed", { site: "s1", revision: "r2" })).tour).toBe(state.tour);
    expect(applyTours(state, "broken")).toBe(state);
  });
});
