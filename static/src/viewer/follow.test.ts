import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Broadcaster } from "./broadcast";
import { type SceneView, shortestTurn, type View, type ViewFrame } from "./document";
import { Emitter } from "./emitter";
import { Follower } from "./follow";

/** Stands for a picture: scenes take 200 ms to load, and it notes every view it was turned to. */
class Picture extends Emitter<{ input: "drag"; view: SceneView }> {
  scene: { id: string } | null = { id: "quay" };
  turns: View[] = [];
  shown: string[] = [];
  broken = false;
  private at: SceneView = { scene: "quay", yaw: 0, pitch: 0, fov: 70 };

  view(): SceneView {
    return { ...this.at };
  }

  rotate(view: View): void {
    this.turns.push(view);
    this.at = { ...this.at, yaw: view.yaw, pitch: view.pitch, fov: view.fov };
    this.emit("view", this.view());
  }

  async show(id: string, view?: View | null): Promise<boolean> {
    this.shown.push(id);
    await new Promise((done) => setTimeout(done, 200));
    if (this.broken) return false;
    this.scene = { id };
    const { yaw, pitch, fov } = view ?? { yaw: 0, pitch: 0, fov: 70 };
    this.at = { scene: id, yaw, pitch, fov };
    this.emit("view", this.view());
    return true;
  }

  halt(): void {}

  drag(): void {
    this.emit("input", "drag");
  }
}

const frame = (t: number, yaw: number, more: Partial<ViewFrame> = {}): ViewFrame => ({
  scene: "quay",
  yaw,
  pitch: 0,
  fov: 70,
  t,
  ...more,
});

let picture: Picture;
beforeEach(() => {
  vi.useFakeTimers();
  picture = new Picture();
});
afterEach(() => {
  vi.useRealTimers();
});

const follower = (more: { reducedMotion?: boolean; onChange?: (on: boolean) => void } = {}) =>
  new Follower(picture, { now: () => 0, reducedMotion: false, ...more });

describe("following", () => {
  it("moves between frames without leaps and ends exactly on the last", () => {
    const following = follower();
    for (let n = 1; n <= 10; n++) {
      following.push(frame(n * 100, n * 5));
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(400);
    expect(picture.view().yaw).toBe(50);
    const steps = picture.turns.map((turn, n) => turn.yaw - (picture.turns[n - 1]?.yaw ?? 0));
    expect(Math.max(...steps)).toBeLessThan(1.6);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  });

  it("stays less than two frames behind a guide who turns steadily", () => {
    const following = follower();
    let behind = 0;
    for (let n = 1; n <= 20; n++) {
      following.push(frame(n * 100, n * 4));
      vi.advanceTimersByTime(100);
      if (n > 5) behind = Math.max(behind, n * 4 + 4 - picture.view().yaw);
    }
    expect(behind).toBeLessThan(8);
  });

  it("goes the short way around the back", () => {
    const following = follower();
    picture.rotate({ yaw: 175, pitch: 0, fov: 70 });
    following.push(frame(1_000, -175));
    vi.advanceTimersByTime(50);
    expect(Math.abs(picture.view().yaw)).toBeGreaterThan(174);
    vi.advanceTimersByTime(300);
    expect(picture.view().yaw).toBe(-175);
    const total = picture.turns.reduce(
      (sum, turn, n) => sum + Math.abs(n ? shortestTurn(picture.turns[n - 1]?.yaw ?? 0, turn.yaw) : 0),
      0,
    );
    expect(total).toBeCloseTo(10, 3);
  });

  it("asks for no frames while nothing moves", () => {
    const following = follower();
    following.push(frame(100, 20));
    vi.advanceTimersByTime(1_000);
    const turns = picture.turns.length;
    vi.advanceTimersByTime(60_000);
    expect(picture.turns.length).toBe(turns);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ignores a frame that is not newer", () => {
    const following = follower();
    expect(following.push(frame(500, 30))).toBe(true);
    expect(following.push(frame(400, -90))).toBe(false);
    expect(following.push(frame(500, -90))).toBe(false);
    vi.advanceTimersByTime(500);
    expect(picture.view().yaw).toBe(30);
  });

  it("takes frames of another guide whose clock is behind", () => {
    const following = follower();
    following.push(frame(9_000, 30));
    following.forgetClock();
    expect(following.push(frame(8_000, 40))).toBe(true);
  });

  it("shows another scene first and then its newest view", async () => {
    const following = follower();
    following.push(frame(100, 10, { scene: "yard" }));
    await vi.advanceTimersByTimeAsync(100);
    following.push(frame(200, 20, { scene: "yard" }));
    following.push(frame(300, 33, { scene: "yard" }));
    expect(picture.turns).toEqual([]);
    await vi.advanceTimersByTimeAsync(150);
    expect(picture.shown).toEqual(["yard"]);
    expect(picture.view()).toEqual({ scene: "yard", yaw: 33, pitch: 0, fov: 70 });
  });

  it("goes on to the scene that the guide has reached while an earlier one was loading", async () => {
    const following = follower();
    following.push(frame(100, 10, { scene: "yard" }));
    await vi.advanceTimersByTimeAsync(50);
    following.push(frame(200, 20, { scene: "tram" }));
    await vi.advanceTimersByTimeAsync(500);
    expect(picture.view()).toMatchObject({ scene: "tram", yaw: 20 });
  });

  it("does not ask for a scene that cannot be had ten times a second", async () => {
    const following = follower();
    picture.broken = true;
    for (let n = 1; n <= 30; n++) {
      following.push(frame(n * 100, n, { scene: "yard" }));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(picture.shown.length).toBe(1);
    picture.broken = false;
    await vi.advanceTimersByTimeAsync(1_000);
    following.push(frame(9_000, 1, { scene: "yard" }));
    await vi.advanceTimersByTimeAsync(300);
    expect(picture.view().scene).toBe("yard");
  });

  it("waits for the first scene before it turns", async () => {
    picture.scene = null;
    const following = follower();
    following.push(frame(100, 45));
    await vi.advanceTimersByTimeAsync(300);
    expect(picture.shown).toEqual(["quay"]);
    expect(picture.view().yaw).toBe(45);
  });

  it("is not turned back by the word of a scene that its frames told before", () => {
    const following = follower();
    following.push(frame(1_000, 80));
    expect(following.pushScene({ scene: "quay", yaw: 5, pitch: 0, fov: 70 }, 2_000)).toBe(false);
    expect(following.pushScene({ scene: "yard", yaw: 5, pitch: 0, fov: 70 }, 900)).toBe(true);
    expect(following.latest).toMatchObject({ scene: "yard", t: 1_001 });
  });
});

describe("free look", () => {
  it("begins with any input of the person and keeps the guide's frames for the way back", () => {
    const changes: boolean[] = [];
    const following = follower({ onChange: (on) => changes.push(on) });
    following.push(frame(100, 10));
    picture.drag();
    expect(following.following).toBe(false);
    following.push(frame(200, 90));
    vi.advanceTimersByTime(500);
    expect(picture.view().yaw).toBe(0);
    following.resume();
    vi.advanceTimersByTime(160);
    expect(picture.view().yaw).toBeGreaterThan(20);
    expect(picture.view().yaw).toBeLessThan(70);
    vi.advanceTimersByTime(200);
    expect(picture.view().yaw).toBe(90);
    expect(changes).toEqual([false, true]);
  });

  it("returns without movement for people who asked for less", () => {
    const following = follower({ reducedMotion: true });
    following.push(frame(100, 10));
    picture.drag();
    following.push(frame(200, 90));
    following.resume();
    expect(picture.view().yaw).toBe(90);
    expect(picture.turns.map((turn) => turn.yaw)).toEqual([10, 90]);
  });

  it("shows a still every two seconds to people who asked for less movement", () => {
    const following = follower({ reducedMotion: true });
    for (let n = 1; n <= 45; n++) {
      following.push(frame(n * 100, n));
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(2_000);
    expect(picture.turns.map((turn) => turn.yaw)).toEqual([1, 20, 40, 45]);
  });

  it("stops everything when it is destroyed", () => {
    const following = follower();
    following.push(frame(100, 90));
    following.destroy();
    vi.advanceTimersByTime(1_000);
    expect(picture.turns).toEqual([]);
  });
});

describe("broadcasting", () => {
  const sent: ViewFrame[] = [];
  const scenes: string[] = [];
  const broadcaster = () => {
    sent.length = 0;
    scenes.length = 0;
    return new Broadcaster(picture, {
      now: () => 50_000 + performance.now(),
      onFrame: (each) => sent.push(each),
      onScene: (view) => scenes.push(view.scene),
    });
  };

  it("sends at most ten frames a second, the last of them exact and twice", () => {
    broadcaster().start();
    for (let n = 1; n <= 120; n++) {
      picture.rotate({ yaw: n / 2, pitch: 0, fov: 70 });
      vi.advanceTimersByTime(16);
    }
    vi.advanceTimersByTime(5_000);
    expect(sent.length).toBeGreaterThan(15);
    const gaps = sent.map((each, n) => each.t - (sent[n - 1]?.t ?? 0)).slice(1);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
    expect(sent.slice(-2).map((each) => each.yaw)).toEqual([60, 60]);
  });

  it("sends nothing while nothing changes", () => {
    broadcaster().start();
    vi.advanceTimersByTime(1_000);
    const before = sent.length;
    picture.rotate({ yaw: 0.005, pitch: 0, fov: 70 });
    vi.advanceTimersByTime(10_000);
    expect(sent.length).toBe(before);
    expect(before).toBe(2);
  });

  it("tells a change of scene once, by the reliable way as well", async () => {
    broadcaster().start();
    void picture.show("yard");
    await vi.advanceTimersByTimeAsync(250);
    picture.rotate({ yaw: 9, pitch: 0, fov: 70 });
    expect(scenes).toEqual(["quay", "yard"]);
  });

  it("sends nothing before the first scene is there", () => {
    picture.scene = null;
    broadcaster().start();
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([]);
  });

  it("sends the view again after the line was broken, and nothing once it is stopped", () => {
    const sending = broadcaster();
    sending.start();
    vi.advanceTimersByTime(1_000);
    sending.sendNow();
    vi.advanceTimersByTime(10);
    expect(sent.length).toBe(3);
    sending.stop();
    picture.rotate({ yaw: 90, pitch: 0, fov: 70 });
    vi.advanceTimersByTime(1_000);
    expect(sent.length).toBe(3);
  });
});
