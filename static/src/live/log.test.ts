import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ChannelLog, type RangePage } from "./log";
import type { RoomEvent } from "./protocol";

/** A small seeded generator, so that a failing order can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffle<T>(items: T[], next: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

const event = (seq: number): RoomEvent => ({ seq, kind: "test", at: seq, data: {} });
const sequence = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

/** A server's log of `size` events that answers `range` in pages. */
function server(size: number, page = 200) {
  return (after: number): Promise<RangePage> => {
    const events = sequence(after + 1, Math.min(size, after + page)).map(event);
    return Promise.resolve({ events, more: after + page < size });
  };
}

function setUp(range: (after: number) => Promise<RangePage> = server(0)) {
  const seen: number[] = [];
  const lost = vi.fn();
  const asked = vi.fn(range);
  const log = new ChannelLog({
    apply: (events) => seen.push(...events.map((e) => e.seq)),
    range: asked,
    lost,
    jitter: () => 0,
  });
  return { log, seen, lost, asked };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the order of events", () => {
  test("events in order are handed on at once", () => {
    const { log, seen } = setUp();
    log.snapshot(10);
    log.receive([event(11), event(12)]);
    log.receive([event(13)]);
    expect(seen).toEqual([11, 12, 13]);
    expect(log.seq).toBe(13);
  });

  test("an event that arrives twice is handed on once", () => {
    const { log, seen } = setUp();
    log.snapshot(0);
    log.receive([event(1), event(1)]);
    log.receive([event(1), event(2)]);
    log.receive([event(2)]);
    expect(seen).toEqual([1, 2]);
  });

  test("an event that overtakes another waits for it without a question to the server", async () => {
    const { log, seen, asked } = setUp();
    log.snapshot(0);
    log.receive([event(2)]);
    await vi.advanceTimersByTimeAsync(290);
    log.receive([event(1)]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen).toEqual([1, 2]);
    expect(asked).not.toHaveBeenCalled();
  });

  test("a gap is asked for after 300 ms and filled", async () => {
    const { log, seen, asked } = setUp(server(5));
    log.snapshot(0);
    log.receive([event(1), event(4)]);
    await vi.advanceTimersByTimeAsync(299);
    expect(asked).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveBeenCalledExactlyOnceWith(1);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test("events before the first snapshot wait for it", () => {
    const { log, seen } = setUp();
    log.receive([event(42), event(43)]);
    expect(seen).toEqual([]);
    log.snapshot(41);
    expect(seen).toEqual([42, 43]);
  });

  test("a snapshot drops the buffered events that it contains", () => {
    const { log, seen } = setUp();
    log.snapshot(1);
    log.receive([event(5), event(8)]);
    log.snapshot(7);
    expect(seen).toEqual([8]);
  });

  for (let seed = 1; seed <= 60; seed++) {
    test(`any order, doubling and loss ends in the same list (seed ${seed})`, async () => {
      const next = random(seed);
      const size = 1 + Math.floor(next() * 120);
      const start = Math.floor(next() * 5);
      const { log, seen, lost } = setUp(server(size, 1 + Math.floor(next() * 30)));
      const sent = sequence(start + 1, size).filter(() => next() > 0.2);
      const doubled = sent.filter(() => next() > 0.7);
      const stream = shuffle([...sent, ...doubled], next);
      const snapshotAt = Math.floor(next() * stream.length);
      for (const [index, seq] of stream.entries()) {
        if (index === snapshotAt) log.snapshot(start);
        log.receive(next() > 0.5 ? [event(seq)] : [event(seq), event(seq)]);
        if (next() > 0.8) await vi.advanceTimersByTimeAsync(Math.floor(next() * 700));
        if (next() > 0.95) log.reconnect();
      }
      if (stream.length === 0) log.snapshot(start);
      if (size > start) log.head(size);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(seen).toEqual(sequence(start + 1, size));
      expect(lost).not.toHaveBeenCalled();
    });
  }
});

describe("what is missing", () => {
  test("a lost last event is noticed by the heartbeat", async () => {
    const { log, seen } = setUp(server(3));
    log.snapshot(2);
    log.head(3);
    await vi.advanceTimersByTimeAsync(300);
    expect(seen).toEqual([3]);
  });

  test("long ranges are fetched page by page", async () => {
    const { log, seen, asked } = setUp(server(1_000, 200));
    log.snapshot(0);
    log.head(1_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen).toEqual(sequence(1, 1_000));
    expect(asked).toHaveBeenCalledTimes(5);
  });

  test("a page that promises more is followed by a question when no further page comes", async () => {
    const { log, seen } = setUp(server(6));
    log.snapshot(0);
    log.receive([event(1), event(2)], true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual(sequence(1, 6));
  });

  test("a question that fails is asked again", async () => {
    let calls = 0;
    const { log, seen } = setUp((after) => {
      calls += 1;
      return calls < 3 ? Promise.reject(new Error("no line")) : server(2)(after);
    });
    log.snapshot(0);
    log.receive([event(2)]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen).toEqual([1, 2]);
  });

  test("an answer to a question of an old connection is not acted upon", async () => {
    let answer: (page: RangePage) => void = () => {};
    const { log, seen } = setUp(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    log.snapshot(0);
    log.head(1);
    await vi.advanceTimersByTimeAsync(300);
    log.reconnect();
    answer({ events: [event(1)], more: false });
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual([]);
    log.receive([event(1)]);
    expect(seen).toEqual([1]);
  });

  test("a gap that the server cannot fill leads to a new snapshot", async () => {
    const { log, lost, asked } = setUp(() => Promise.resolve({ events: [], more: false }));
    log.snapshot(3);
    log.receive([event(5)]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveBeenCalledTimes(3);
    expect(lost).toHaveBeenCalledOnce();
    expect(log.seq).toBeNull();
  });

  test("a server whose log starts anew makes the page start anew", () => {
    const { log, lost } = setUp();
    log.snapshot(90);
    log.head(2);
    log.head(2);
    expect(lost).not.toHaveBeenCalled();
    log.head(2);
    expect(lost).toHaveBeenCalledOnce();
    log.snapshot(2);
    expect(log.seq).toBe(2);
  });

  test("a reconnect keeps what was applied and what is buffered", () => {
    const { log, seen } = setUp();
    log.snapshot(1);
    log.receive([event(3)]);
    log.reconnect();
    expect(log.seq).toBe(1);
    log.receive([event(2)]);
    expect(seen).toEqual([2, 3]);
  });
});
