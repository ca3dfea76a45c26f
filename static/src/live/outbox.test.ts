import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Outbox } from "./outbox";
import type { Ack, Command } from "./protocol";

class MemoryStorage {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
  removeItem(key: string): void {
    this.values.delete(key);
  }
}

/** A server that does each id once and answers a repeat with the stored result. */
class Server {
  readonly done = new Map<string, string>();
  reachable = true;
  answers = true;
  transmissions = 0;

  transmit = (command: Command): Promise<Ack> => {
    this.transmissions += 1;
    if (!this.reachable) return Promise.reject(new Error("no line"));
    if (!this.done.has(command.id)) this.done.set(command.id, String(command.args.text));
    if (!this.answers) return Promise.reject(new Error("timeout"));
    return Promise.resolve({ ok: true, result: { id: command.id } });
  };
}

function setUp(storage = new MemoryStorage(), server = new Server()) {
  const answered = vi.fn();
  const outbox = new Outbox({ storage, key: "outbox", transmit: server.transmit, answered });
  return { outbox, storage, server, answered };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("commands", () => {
  test("a command without a line waits and is done once when the line is there", async () => {
    const { outbox, server } = setUp();
    const answer = outbox.send("question.ask", { text: "How deep?" });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(server.transmissions).toBe(0);
    outbox.connected();
    expect((await answer).ok).toBe(true);
    expect([...server.done.values()]).toEqual(["How deep?"]);
    expect(outbox.list()).toEqual([]);
  });

  test("a command whose answer was lost is sent again and still done once", async () => {
    const { outbox, server } = setUp();
    server.answers = false;
    outbox.connected();
    const answer = outbox.send("question.ask", { text: "Once" });
    await vi.advanceTimersByTimeAsync(100);
    outbox.disconnected();
    server.answers = true;
    outbox.connected();
    expect((await answer).ok).toBe(true);
    expect(server.transmissions).toBeGreaterThan(1);
    expect(server.done.size).toBe(1);
  });

  test("an unanswered command is repeated on the same line too", async () => {
    const { outbox, server } = setUp();
    server.reachable = false;
    outbox.connected();
    void outbox.send("question.vote", { question: "a" });
    await vi.advanceTimersByTimeAsync(2_500);
    server.reachable = true;
    await vi.advanceTimersByTimeAsync(1_500);
    expect(server.done.size).toBe(1);
    expect(outbox.list()).toEqual([]);
  });

  test("commands survive a reload and keep their ids and order", async () => {
    const { outbox, storage } = setUp();
    void outbox.send("question.ask", { text: "first" });
    void outbox.send("question.ask", { text: "second" });
    const ids = outbox.list().map((command) => command.id);

    const after = setUp(storage);
    expect(after.outbox.list().map((command) => command.id)).toEqual(ids);
    after.outbox.connected();
    await vi.advanceTimersByTimeAsync(10);
    expect([...after.server.done.values()]).toEqual(["first", "second"]);
    expect(after.answered).toHaveBeenCalledTimes(2);
    expect(storage.values.size).toBe(0);
  });

  test("damaged storage is ignored", () => {
    const storage = new MemoryStorage();
    storage.setItem("outbox", '[{"id": 1}, null, "x", {"id":"a","name":"n","args":{}}]');
    expect(setUp(storage).outbox.list()).toHaveLength(1);
    storage.setItem("outbox", "{not json");
    expect(setUp(storage).outbox.list()).toEqual([]);
  });

  test("a refusal settles the command and is handed to the sender", async () => {
    const storage = new MemoryStorage();
    const refusal: Ack = { ok: false, error: { code: "invalid", message: "Too long" } };
    const outbox = new Outbox({ storage, key: "o", transmit: () => Promise.resolve(refusal) });
    outbox.connected();
    expect(await outbox.send("question.ask", { text: "x" })).toEqual(refusal);
    expect(outbox.list()).toEqual([]);
  });

  test("what the server cannot do right now is tried again and done once", async () => {
    const storage = new MemoryStorage();
    const answers: Ack[] = [
      { ok: false, error: { code: "unavailable", message: "…" } },
      { ok: false, error: { code: "rate_limited", message: "…" } },
      { ok: true },
    ];
    const transmit = vi.fn(() => Promise.resolve(answers.shift() as Ack));
    const outbox = new Outbox({ storage, key: "o", transmit });
    outbox.connected();
    const answer = outbox.send("question.ask", { text: "x" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await answer).ok).toBe(true);
    expect(transmit).toHaveBeenCalledTimes(3);
  });

  test("a limit that does not pass is an answer after a few seconds", async () => {
    const storage = new MemoryStorage();
    const refusal: Ack = { ok: false, error: { code: "rate_limited", message: "Twenty wait" } };
    const outbox = new Outbox({ storage, key: "o", transmit: () => Promise.resolve(refusal) });
    outbox.connected();
    const answer = outbox.send("question.ask", { text: "x" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await answer).toEqual(refusal);
  });

  test("a late answer of an old connection does not count twice", async () => {
    const storage = new MemoryStorage();
    const answers: ((ack: Ack) => void)[] = [];
    const answered = vi.fn();
    const outbox = new Outbox({
      storage,
      key: "o",
      transmit: () => new Promise((resolve) => answers.push(resolve)),
      answered,
    });
    outbox.connected();
    void outbox.send("question.ask", { text: "x" });
    outbox.disconnected();
    outbox.connected();
    expect(answers).toHaveLength(2);
    for (const answer of answers) answer({ ok: true });
    await vi.advanceTimersByTimeAsync(1);
    expect(answered).toHaveBeenCalledOnce();
  });
});
