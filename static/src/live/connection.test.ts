import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Connection, type ConnectionListener, SILENCE_MS } from "./connection";
import type { JoinAuth, Line, LineChoice, LineListener } from "./line";
import type { Ack, RoomEvent } from "./protocol";

interface Attempt {
  auth: JoinAuth;
  listener: LineListener;
  choice: LineChoice;
  line: { ask: ReturnType<typeof vi.fn>; view: ReturnType<typeof vi.fn>; close: ReturnType<typeof vi.fn> };
}

const event = (seq: number): RoomEvent => ({ seq, kind: "x", at: 0, data: {} });
const joined = {
  role: "participant" as const,
  room: { id: "r", name: "Room" },
  channels: ["public" as const, "person" as const],
  now: 0,
  device: "d",
  heartbeat_s: 2,
};

function setUp() {
  const attempts: Attempt[] = [];
  const events: number[] = [];
  const statuses: string[] = [];
  const refused = vi.fn();
  const listener: ConnectionListener = {
    snapshot: () => {},
    tours: () => {},
    events: (_channel, list) => events.push(...list.map((e) => e.seq)),
    view: () => {},
    heads: () => {},
    status: (status) => statuses.push(status),
    refused,
  };
  sessionStorage.clear();
  const connection = new Connection(
    {
      ticket: "t",
      device: "d",
      channels: ["public", "person"],
      storage: sessionStorage,
      storageKey: "outbox",
      heads: () => 2,
      line: (auth, lineListener, choice) => {
        const line = {
          ask: vi.fn((name: string): Promise<unknown> => {
            return Promise.resolve(name === "command" ? ({ ok: true } satisfies Ack) : { now: Date.now() });
          }),
          view: vi.fn(),
          close: vi.fn(),
        };
        attempts.push({ auth, listener: lineListener, choice, line });
        return line as unknown as Line;
      },
    },
    listener,
  );
  const last = () => attempts[attempts.length - 1] as Attempt;
  const join = () => {
    last().listener.alive();
    last().listener.joined({ ...joined, now: Date.now() });
  };
  return { connection, attempts, last, join, events, statuses, refused };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("staying in the room", () => {
  test("the first joining has no cursor, a later one tells the last event of each channel", () => {
    const { connection, last, join, attempts } = setUp();
    connection.start();
    expect(last().auth).toEqual({ ticket: "t", device: "d", heads: 2, since: {} });
    join();
    last().listener.snapshot({ channel: "public", seq: 41, state: {} });
    last().listener.snapshot({ channel: "person", seq: 3, state: {} });
    last().listener.frame({ events: { public: [event(42)] } });
    last().listener.down(false);
    vi.advanceTimersByTime(1_000);
    expect(attempts).toHaveLength(2);
    expect(last().auth.since).toEqual({ public: 42, person: 3 });
    connection.leave();
  });

  test("six seconds of silence lead to a new connection, a heartbeat prevents it", () => {
    const { connection, attempts, last, join, statuses } = setUp();
    connection.start();
    join();
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(2_000);
      last().listener.alive();
    }
    expect(attempts).toHaveLength(1);
    vi.advanceTimersByTime(SILENCE_MS + 1_000);
    expect(attempts).toHaveLength(2);
    expect(attempts[0]?.line.close).toHaveBeenCalled();
    expect(statuses).toEqual(["online", "lost"]);
    join();
    expect(statuses).toEqual(["online", "lost", "online"]);
    connection.leave();
  });

  test("missed events of a cut arrive once, also when they come by two ways", () => {
    const { connection, last, join, events } = setUp();
    connection.start();
    join();
    last().listener.snapshot({ channel: "public", seq: 1, state: {} });
    last().listener.frame({ events: { public: [event(2)] } });
    last().listener.down(false);
    vi.advanceTimersByTime(1_000);
    join();
    last().listener.frame({ events: { public: [event(5)] } });
    last().listener.events({ channel: "public", events: [event(3), event(4), event(5)], more: false });
    expect(events).toEqual([2, 3, 4, 5]);
    connection.leave();
  });

  test("attempts go on for ever with growing pauses of at most 6.5 s", () => {
    const { connection, attempts, last } = setUp();
    connection.start();
    for (let i = 0; i < 12; i++) {
      last().listener.down(false);
      vi.advanceTimersByTime(6_500);
      expect(attempts.length).toBe(i + 2);
    }
    connection.leave();
  });

  test("after an attempt that nobody answered polling goes first, and stays when it worked", () => {
    const { connection, last, join } = setUp();
    connection.start();
    expect(last().choice.pollingFirst).toBe(false);
    last().listener.down(true);
    vi.advanceTimersByTime(1_000);
    expect(last().choice.pollingFirst).toBe(true);
    join();
    last().listener.down(false);
    vi.advanceTimersByTime(1_000);
    expect(last().choice.pollingFirst).toBe(true);
    connection.leave();
  });

  test("a line that opens and then says nothing is given up", () => {
    const { connection, attempts } = setUp();
    connection.start();
    vi.advanceTimersByTime(30_000);
    expect(attempts.length).toBeGreaterThan(1);
    connection.leave();
  });

  test("a refusal ends it and says why", () => {
    const { connection, attempts, last, refused, statuses } = setUp();
    connection.start();
    last().listener.refused({ code: "ticket_expired", message: "…" });
    vi.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(1);
    expect(refused).toHaveBeenCalledWith({ code: "ticket_expired", message: "…" });
    expect(statuses).toEqual(["over"]);
  });

  test("a command sent while the line is gone goes once, after the next joining", async () => {
    const { connection, last, join } = setUp();
    connection.start();
    join();
    last().listener.down(false);
    const answer = connection.command("question.ask", { text: "Later" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last().line.ask).not.toHaveBeenCalled();
    join();
    await answer;
    const commands = last().line.ask.mock.calls.filter(([name]) => name === "command");
    expect(commands).toHaveLength(1);
    expect(commands[0]?.[1]).toMatchObject({ name: "question.ask", args: { text: "Later" } });
    connection.leave();
  });

  test("the guide's view is dropped while there is no line", () => {
    const { connection, last, join } = setUp();
    const view = { scene: "s", yaw: 0, pitch: 0, fov: 70, t: 1 };
    connection.start();
    connection.view(view);
    expect(last().line.view).not.toHaveBeenCalled();
    join();
    connection.view(view);
    expect(last().line.view).toHaveBeenCalledExactlyOnceWith(view);
    connection.leave();
  });
});
