import { describe, expect, it } from "vitest";
import { Refusal, refusalOf, type UploadState } from "./api";
import { MemoryServer } from "./example";
import { uploadOf } from "./resume";
import { BACKOFF_MS, percentOf, type Surroundings, type Telling, Transfer } from "./transfer";

const CONTENT = "The quick brown fox jumps over the lazy dog.";

function file(content = CONTENT, name = "fox.jpg"): File {
  return new File([content], name);
}

class World implements Surroundings {
  readonly pauses: number[] = [];
  connected = true;
  online = () => this.connected;
  pause = async (ms: number) => {
    this.pauses.push(ms);
  };
}

function setUp(known: UploadState | null = null, server = new MemoryServer(), sent: File = file()) {
  const world = new World();
  const told: Telling[] = [];
  const wish = { purpose: "panorama", thing: "harbour", name: sent.name, size: sent.size, meta: {} };
  const transfer = new Transfer(sent, wish, server, world, (telling) => told.push(telling), known);
  return { server, world, told, transfer, phases: () => told.map((telling) => telling.phase) };
}

function whole(server: MemoryServer): string | null {
  return server.finished && new TextDecoder().decode(server.finished);
}

describe("a transfer", () => {
  it("sends all pieces in order and tells how far it is", async () => {
    const { server, told, transfer, world } = setUp();
    expect(await transfer.run()).toEqual({ scene: "u1" });
    expect(server.asked).toEqual(["begin", "put 0", "put 1", "put 2", "put 3", "put 4", "finish"]);
    expect(whole(server)).toBe(CONTENT);
    expect(world.pauses).toEqual([]);
    const percents = told.map((telling) => telling.percent);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(told.at(-1)).toEqual({ phase: "finishing", percent: 100, message: "" });
  });

  it("goes on with what is missing after cuts, and waits longer each time", async () => {
    const { server, world, transfer, phases } = setUp();
    server.lose("put 2", 4);
    await transfer.run();
    expect(world.pauses).toEqual(BACKOFF_MS.slice(0, 4));
    expect(server.asked.filter((words) => words === "put 0")).toHaveLength(1);
    expect(phases()).toContain("retrying");
    expect(whole(server)).toBe(CONTENT);
  });

  it("waits no longer than before once something arrived", async () => {
    const { server, world, transfer } = setUp();
    server.lose("put 1", 2);
    server.lose("put 3", 1);
    await transfer.run();
    expect(world.pauses).toEqual([1_000, 2_000, 1_000]);
  });

  it("does not send again what arrived although its answer was lost", async () => {
    const { server, transfer } = setUp();
    server.lose("put 1", 1, true);
    await transfer.run();
    expect(server.asked.filter((words) => words === "put 1")).toHaveLength(1);
    expect(whole(server)).toBe(CONTENT);
  });

  it("finishes again when the answer to finishing was lost", async () => {
    const { server, transfer } = setUp();
    server.lose("finish", 1, true);
    expect(await transfer.run()).toEqual({ scene: "u1" });
    expect(whole(server)).toBe(CONTENT);
  });

  it("says that there is no connection when the browser has none", async () => {
    const { server, world, transfer, phases } = setUp();
    world.connected = false;
    server.lose("begin");
    await transfer.run();
    expect(phases()[0]).toBe("offline");
  });

  it("ends with the server's words when the file is refused", async () => {
    for (const [at, status] of [
      ["begin", 413],
      ["put 1", 403],
      ["finish", 422],
      ["begin", 429],
    ] as const) {
      const { server, told, transfer } = setUp();
      server.troubles.push({ at, error: new Refusal(status, "no", "It is no panorama.") });
      expect(await transfer.run()).toBeNull();
      expect(told.at(-1)).toMatchObject({ phase: "refused", message: "It is no panorama." });
    }
  });

  it("waits with the server's words while its disk is full or nobody is signed in", async () => {
    for (const status of [507, 503, 401]) {
      const { server, told, transfer } = setUp();
      server.troubles.push({ at: "put 1", error: new Refusal(status, "x", "Not now.") });
      expect(await transfer.run()).toEqual({ scene: "u1" });
      expect(told).toContainEqual({ phase: "hindered", percent: 22, message: "Not now." });
    }
  });

  it("asks for a fresh token when the page's own is too old, and waits when nobody is signed in", async () => {
    const { server, transfer, phases } = setUp();
    server.troubles.push({ at: "begin", error: new Refusal(400, "csrf", "Too long.") });
    server.troubles.push({ at: "put 1", error: new Refusal(400, "csrf", "Too long.") });
    server.troubles.push({ at: "mine", error: new Refusal(401, "signed_out", "Sign in.") });
    expect(await transfer.run()).toEqual({ scene: "u1" });
    expect(server.asked.filter((words) => words === "mine")).toHaveLength(2);
    expect(phases()).toContain("hindered");
  });

  it("sends a piece again that was changed on the way, and gives up when it always is", async () => {
    const changed = new Refusal(422, "wrong_digest", "Changed.");
    const { server, transfer } = setUp();
    server.troubles.push({ at: "put 0", error: changed }, { at: "put 0", error: changed });
    expect(await transfer.run()).toEqual({ scene: "u1" });
    const hopeless = setUp();
    for (let n = 0; n < 9; n++) hopeless.server.troubles.push({ at: "put 0", error: changed });
    expect(await hopeless.transfer.run()).toBeNull();
    expect(hopeless.told.at(-1)).toMatchObject({ phase: "refused", message: "Changed." });
  });

  it("takes the answer of another window that had all pieces and finished first", async () => {
    const { server, transfer } = setUp();
    const put = server.put.bind(server);
    server.put = async (id, number, piece, sent) => {
      if (number !== 3) return put(id, number, piece, sent);
      for (const at of [3, 4])
        await put(
          id,
          at,
          await file()
            .slice(at * 10, at * 10 + 10)
            .arrayBuffer(),
          () => undefined,
        );
      await server.finish(id);
      throw new Refusal(409, "finished", "This upload is finished.");
    };
    expect(await transfer.run()).toEqual({ scene: "u1" });
    expect(whole(server)).toBe(CONTENT);
  });

  it("begins anew when the server no longer knows it", async () => {
    const server = new MemoryServer();
    const gone = await server.begin({
      purpose: "",
      thing: "",
      name: "fox.jpg",
      size: CONTENT.length,
      meta: {},
    });
    server.uploads.delete(gone.id);
    server.uploads.set("other", { ...gone, id: "other", pieces: new Map() });
    const { transfer } = setUp(gone, server);
    expect(await transfer.run()).toEqual({ scene: "u2" });
  });

  it("is not told as refused when the file can't be read, and says so", async () => {
    const broken = file();
    broken.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("changed")) }) as unknown as Blob;
    const { server, told, transfer } = setUp(null, new MemoryServer(), broken);
    expect(await transfer.run()).toBeNull();
    expect(told.at(-1)?.phase).toBe("unreadable");
    expect(server.uploads.size).toBe(0);
  });

  it("frees what arrived when it is cancelled", async () => {
    const { server, transfer, phases, world } = setUp();
    server.lose("put 2", 9);
    world.pause = async () => transfer.cancel();
    expect(await transfer.run()).toBeNull();
    expect(server.asked.at(-1)).toBe("drop u1");
    expect(phases().at(-1)).toBe("cancelled");
  });

  it("frees what it began although it was cancelled meanwhile", async () => {
    const { server, transfer } = setUp();
    const begin = server.begin.bind(server);
    server.begin = async (wish) => {
      const made = await begin(wish);
      transfer.cancel();
      return made;
    };
    expect(await transfer.run()).toBeNull();
    expect(server.uploads.size).toBe(0);
  });
});

describe("a file that is chosen again", () => {
  async function begun(received: number[], content = CONTENT) {
    const server = new MemoryServer();
    const sent = file(content);
    const made = await server.begin({ purpose: "", thing: "", name: "fox.jpg", size: sent.size, meta: {} });
    for (const number of received) {
      const piece = await sent.slice(number * 10, number * 10 + 10).arrayBuffer();
      await server.put(made.id, number, piece, () => undefined);
    }
    return { server, unfinished: await Promise.all([server.state(made.id)]) };
  }

  it("goes on where it stopped", async () => {
    const { server, unfinished } = await begun([0, 1, 2]);
    const known = await uploadOf(file(), unfinished);
    expect(known?.id).toBe("u1");
    server.asked.length = 0;
    const { transfer } = setUp(known, server);
    expect(await transfer.run()).toEqual({ scene: "u1" });
    expect(server.asked).toEqual(["put 3", "put 4", "finish"]);
    expect(whole(server)).toBe(CONTENT);
  });

  it("is another one when its name, size or first piece is another", async () => {
    const { unfinished } = await begun([0]);
    expect(await uploadOf(file(CONTENT, "dog.jpg"), unfinished)).toBeNull();
    expect(await uploadOf(file(`${CONTENT}!`), unfinished)).toBeNull();
    expect(await uploadOf(file(CONTENT.replace("quick", "quiet")), unfinished)).toBeNull();
  });

  it("is not trusted when other pieces than the first came before", async () => {
    const { unfinished } = await begun([2]);
    expect(await uploadOf(file(), unfinished)).toBeNull();
  });

  it("is checked by its first piece where the browser makes no digests", async () => {
    const { server, unfinished } = await begun([0, 1]);
    const secure = globalThis.crypto;
    Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
    try {
      const same = await uploadOf(file(), unfinished);
      expect(same?.received).toEqual([1]);
      const other = await uploadOf(file(CONTENT.replace("quick", "quiet")), unfinished);
      const { transfer } = setUp(other, server, file(CONTENT.replace("quick", "quiet")));
      await transfer.run();
      expect(whole(server)).toBe(CONTENT.replace("quick", "quiet"));
    } finally {
      Object.defineProperty(globalThis, "crypto", { value: secure, configurable: true });
    }
  });
});

describe("answers", () => {
  it("of a proxy in between count as none", () => {
    expect(refusalOf(502, "text/html", "<h1>Bad gateway</h1>")).not.toBeInstanceOf(Refusal);
    expect(refusalOf(200, "text/html", "<h1>Sign in</h1>")).not.toBeNull();
    expect(refusalOf(200, "application/json", "{}")).toBeNull();
    expect(refusalOf(204, null, "")).toBeNull();
    const said = refusalOf(
      409,
      "application/json",
      '{"error":{"code":"incomplete","message":"m","missing":[1]}}',
    );
    expect(said).toMatchObject({ status: 409, code: "incomplete", message: "m", missing: [1] });
  });

  it("give how much is there, the last piece being shorter", () => {
    const upload = { size: 44, chunk_bytes: 10, chunks: 5 } as UploadState;
    expect(percentOf(upload, [])).toBe(0);
    expect(percentOf(upload, [4])).toBe(9);
    expect(percentOf(upload, [0, 1, 2, 3], 2)).toBe(95);
    expect(percentOf(upload, [0, 1, 2, 3, 4])).toBe(100);
  });
});
