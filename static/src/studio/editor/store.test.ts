import { describe, expect, it } from "vitest";
import type { Outcome } from "./api";
import { draft, point, scene } from "./example";
import { type Draft, type DraftPoint, type Op, pointOf } from "./model";
import { type Clash, Store } from "./store";

/** A server with one point, which somebody else may change too. */
class Server {
  point: DraftPoint = point();
  sent: Op[] = [];
  lost = false;

  async draft(): Promise<Draft> {
    return { ...draft(), scenes: [scene("quay", { hotspots: [this.point] }), scene("hall")] };
  }

  async send(op: Op, known: Draft): Promise<Outcome> {
    if (this.lost) return { kind: "lost" };
    this.sent.push(op);
    if (op.op !== "hotspot.change") return { kind: "refused", message: "no", field: null, code: "invalid" };
    if (pointOf(known, op.id)?.revision !== this.point.revision)
      return { kind: "conflict", message: "first", theirs: this.point };
    this.point = { ...this.point, ...op.values, revision: this.point.revision + 1 };
    return {
      kind: "done",
      answer: { ok: true, scenes: [scene("quay", { hotspots: [this.point] })], hotspot: "p1" },
    };
  }
}

function setUp() {
  const server = new Server();
  const told: string[] = [];
  const clashes: Clash[] = [];
  const store = new Store(server, draft(), {
    changed: () => undefined,
    state: (state) => told.push(state),
    clash: (clash) => clashes.push(clash),
  });
  const move = (yaw: number) => store.run("Move", { op: "hotspot.change", id: "p1", values: { yaw } });
  return { server, store, told, clashes, move };
}

describe("a store", () => {
  it("undoes and does again, in order, with fresh revisions", async () => {
    const { server, store, move } = setUp();
    await move(10);
    await move(20);
    expect(await store.undo()).toBe("Move");
    expect(server.point.yaw).toBe(10);
    await store.undo();
    expect(server.point.yaw).toBe(40);
    expect(await store.undo()).toBeNull();
    await store.redo();
    await store.redo();
    expect(server.point.yaw).toBe(20);
    expect(store.redoWords).toBeNull();
  });

  it("forgets what could be done again once something else is done", async () => {
    const { store, move } = setUp();
    await move(10);
    await store.undo();
    await move(15);
    expect(store.redoWords).toBeNull();
  });

  it("sends one after the other, however fast they come", async () => {
    const { server, told, move } = setUp();
    await Promise.all([move(1), move(2), move(3)]);
    expect(server.point).toMatchObject({ yaw: 3, revision: 6 });
    expect(told.at(-1)).toBe("saved");
  });

  it("overwrites nothing that somebody else saved first, until that is decided", async () => {
    const { server, store, clashes, move } = setUp();
    server.point = point({ yaw: 77, revision: 4 });
    expect((await move(10)).kind).toBe("conflict");
    expect(server.point.yaw).toBe(77);
    expect(store.undoWords).toBeNull();
    const clash = clashes[0];
    store.accept(clash?.theirs ?? null);
    expect(pointOf(store.draft, "p1")?.yaw).toBe(77);
    await store.run("Apply mine again", clash?.op as Op);
    expect(server.point.yaw).toBe(10);
    await store.undo();
    expect(server.point.yaw).toBe(77);
  });

  it("keeps a step that could not be sent, to be undone once the line is back", async () => {
    const { server, store, told, move } = setUp();
    await move(10);
    server.lost = true;
    expect(await store.undo()).toBeNull();
    expect(told.at(-1)).toBe("lost");
    server.lost = false;
    expect(await store.undo()).toBe("Move");
    expect(server.point.yaw).toBe(40);
  });

  it("says why something was refused", async () => {
    const { store, told } = setUp();
    const outcome = await store.run("Remove", { op: "hotspot.remove", id: "p1" });
    expect(outcome).toMatchObject({ kind: "refused", message: "no" });
    expect(told.at(-1)).toBe("refused");
  });

  it("takes the draft anew when a colleague took something out, and says why", async () => {
    const { server, store, told } = setUp();
    server.point = point({ yaw: 5 });
    await store.reload("It is not there any more.");
    expect(pointOf(store.draft, "p1")?.yaw).toBe(5);
    expect(told).toEqual(["refused"]);
    await store.reload();
    expect(told.at(-1)).toBe("saved");
  });
});
