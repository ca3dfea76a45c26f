import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromFragment, toFragment } from "./deeplink";
import type { Hotspot, View } from "./document";
import { Errands } from "./errands";
import { exampleTour } from "./example";
import { HotspotLayer } from "./hotspots";
import { listenToKeys } from "./keys";
import { InfoPanel } from "./panel";
import { type Direction, Steering } from "./steering";

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("links to a view", () => {
  const tour = exampleTour();

  it("lead back to the same view", () => {
    const view = { scene: "yard", yaw: -12.34, pitch: 5.67, fov: 33 };
    expect(toFragment(tour, view)).toBe("#scene=yard&yaw=-12.3&pitch=5.7&fov=33");
    expect(fromFragment(tour, toFragment(tour, view))).toEqual({
      scene: "yard",
      yaw: -12.3,
      pitch: 5.7,
      fov: 33,
    });
  });

  it("leave out the scene's own field of view", () => {
    expect(toFragment(tour, { scene: "quay", yaw: 1, pitch: 0, fov: 70.4 })).toBe(
      "#scene=quay&yaw=1&pitch=0",
    );
  });

  it("take the scene's own view for what is missing or odd, and no foreign scene", () => {
    expect(fromFragment(tour, "#scene=yard&yaw=abc&pitch=&fov=900")).toEqual({
      scene: "yard",
      yaw: -60,
      pitch: 5,
      fov: 90,
    });
    expect(fromFragment(tour, "#scene=nowhere&yaw=3")).toBeNull();
    expect(fromFragment(tour, "#places")).toBeNull();
  });
});

describe("keys", () => {
  const seen: string[] = [];
  let picture: HTMLElement;
  beforeEach(() => {
    seen.length = 0;
    picture = document.createElement("div");
    picture.tabIndex = 0;
    document.body.append(picture);
    listenToKeys(picture, {
      press: (direction) => seen.push(direction),
      release: (direction) => seen.push(`-${direction}`),
      releaseAll: () => seen.push("all"),
      home: () => seen.push("home"),
      enter: () => seen.push("enter"),
    });
  });
  const key = (target: HTMLElement, name: string, more: KeyboardEventInit = {}, type = "keydown"): boolean =>
    target.dispatchEvent(
      new KeyboardEvent(type, { key: name, code: name, bubbles: true, cancelable: true, ...more }),
    );

  it("look, zoom, return and open while the picture has the focus", () => {
    for (const name of ["ArrowLeft", "ArrowUp", "+", "-", "Home", "Enter"])
      expect(key(picture, name)).toBe(false);
    key(picture, "ArrowLeft", {}, "keyup");
    expect(seen).toEqual(["left", "up", "nearer", "wider", "home", "enter", "-left"]);
  });

  it("leave what is typed elsewhere alone", () => {
    const box = document.createElement("textarea");
    document.body.append(box);
    for (const name of ["5", "+", "3", "-", "1", "ArrowLeft", "Home"]) expect(key(box, name)).toBe(true);
    expect(seen).toEqual([]);
  });

  it("leave the keys of a button on the picture alone", () => {
    const button = document.createElement("button");
    picture.append(button);
    expect(key(button, "Enter")).toBe(true);
    expect(seen).toEqual([]);
  });

  it("are ignored with Ctrl, Alt or Meta and while an input method composes", () => {
    for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { isComposing: true }]) {
      expect(key(picture, "ArrowLeft", more)).toBe(true);
    }
    expect(seen).toEqual([]);
  });

  it("let go of everything when the focus leaves", () => {
    key(picture, "ArrowLeft");
    picture.dispatchEvent(new FocusEvent("blur"));
    expect(seen).toEqual(["left", "all"]);
  });
});

describe("steering", () => {
  let view: View;
  const steering = (still: boolean) =>
    new Steering(
      {
        view: () => ({ ...view }),
        rotate: (to) => {
          view = to;
        },
      },
      () => still,
    );
  beforeEach(() => {
    vi.useFakeTimers();
    view = { yaw: 179, pitch: 0, fov: 50 };
  });

  it("moves one step for a press, around the back as well", () => {
    const steer = steering(false);
    steer.press("right");
    steer.release("right");
    vi.advanceTimersByTime(1_000);
    expect(view.yaw).toBeCloseTo(-178);
  });

  it("moves on while held and stops when let go", () => {
    const steer = steering(false);
    steer.press("up");
    vi.advanceTimersByTime(680);
    steer.release("up");
    const { pitch } = view;
    expect(pitch).toBeGreaterThan(18);
    expect(pitch).toBeLessThan(25);
    vi.advanceTimersByTime(1_000);
    expect(view.pitch).toBe(pitch);
  });

  it("moves in still steps for people who asked for less movement", () => {
    const steer = steering(true);
    steer.press("left");
    vi.advanceTimersByTime(1_000);
    expect(view.yaw).toBe(171);
  });

  it("stops at the poles and at the ends of the zoom", () => {
    const steer = steering(true);
    for (const direction of ["up", "nearer"] as Direction[])
      for (let n = 0; n < 40; n++) steer.press(direction);
    expect(view).toMatchObject({ pitch: 90, fov: 30 });
  });
});

describe("hotspots on the picture", () => {
  const opened: string[] = [];
  let layer: HotspotLayer;
  beforeEach(() => {
    opened.length = 0;
    layer = new HotspotLayer((hotspot: Hotspot) => opened.push(hotspot.id));
    document.body.append(layer.element);
    layer.show(exampleTour().scenes[0]?.hotspots ?? []);
    layer.place({ yaw: 10, pitch: 0, fov: 70 }, 800, 450);
  });
  const button = (id: string) =>
    layer.element.querySelector<HTMLElement>(`[data-hotspot="${id}"]`) as HTMLElement;
  const pointer = (type: string, x: number) =>
    button("to-yard").dispatchEvent(
      new PointerEvent(type, { clientX: x, clientY: 10, button: 0, bubbles: true, pointerId: 1 }),
    );

  it("stand where the picture shows them, and nowhere when it does not", () => {
    expect(button("to-yard").hidden).toBe(false);
    expect(button("to-yard").style.transform).toContain("translate(4");
    layer.place({ yaw: -170, pitch: 0, fov: 70 }, 800, 450);
    expect(button("to-yard").hidden).toBe(true);
  });

  it("open once for a tap and the click that follows it", () => {
    pointer("pointerdown", 10);
    pointer("pointerup", 12);
    button("to-yard").click();
    expect(opened).toEqual(["to-yard"]);
  });

  it("do not open when the picture was dragged", () => {
    pointer("pointerdown", 10);
    pointer("pointermove", 60);
    pointer("pointerup", 11);
    button("to-yard").click();
    expect(opened).toEqual([]);
  });

  it("open for a click that no pointer made", () => {
    button("to-yard").click();
    expect(opened).toEqual(["to-yard"]);
  });

  it("know which of them is in the centre", () => {
    expect(layer.centred?.hotspot.id).toBe("to-yard");
    layer.place({ yaw: 62, pitch: -4, fov: 70 }, 800, 450);
    expect(layer.centred?.hotspot.id).toBe("boats");
    layer.place({ yaw: 130, pitch: 0, fov: 70 }, 800, 450);
    expect(layer.centred).toBeNull();
  });

  it("carry the language and direction of their names, and stay out of the way of the Tab key", () => {
    const label = button("boats").querySelector<HTMLElement>(".tv-hotspot__label");
    expect([label?.lang, label?.dir, button("boats").tabIndex]).toEqual(["ar", "rtl", -1]);
  });
});

describe("the panel of an info point", () => {
  it("takes the focus, and Escape gives it back without closing the tour", () => {
    const opener = document.createElement("button");
    const panel = new InfoPanel(() => opener);
    const outside = vi.fn();
    document.body.addEventListener("keydown", outside);
    document.body.append(opener, panel.element);
    const info = exampleTour().scenes[0]?.hotspots[1] as Hotspot;
    panel.open(info, opener);
    expect(panel.element.querySelector("em")?.textContent).toBe("batteries");
    expect(document.activeElement?.textContent).toBe(info.label.value);
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(panel.isOpen).toBe(false);
    expect(document.activeElement).toBe(opener);
    expect(outside).not.toHaveBeenCalled();
  });
});

describe("errands", () => {
  const scenes = exampleTour().scenes as [never, never, never];

  it("bring only the latest wish on screen, however slow the earlier one is", async () => {
    vi.useFakeTimers();
    const shown: string[] = [];
    const errands = new Errands(
      async (errand) => {
        await new Promise((done) => setTimeout(done, errand.scene.id === "quay" ? 900 : 100));
        if (!errands.isWanted(errand)) return false;
        shown.push(errand.scene.id);
        return true;
      },
      () => undefined,
    );
    const answers = Promise.all([errands.ask(scenes[0], null), errands.ask(scenes[1], null)]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await answers).toEqual([false, true]);
    expect(shown).toEqual(["yard"]);
  });

  it("tell a failure, and go on with the next wish", async () => {
    const failed = vi.fn();
    let broken = true;
    const errands = new Errands(async () => {
      if (broken) throw new Error("lost line");
      return true;
    }, failed);
    expect(await errands.ask(scenes[0], null)).toBe(false);
    expect(failed).toHaveBeenCalledOnce();
    expect(errands.wanted).toBeNull();
    broken = false;
    expect(await errands.ask(scenes[0], null)).toBe(true);
  });

  it("fetch a scene once when it is wished for again with another view", async () => {
    const views: number[] = [];
    const errands = new Errands(
      async (errand) => {
        await Promise.resolve();
        views.push(errand.view.yaw);
        return true;
      },
      () => undefined,
    );
    const first = errands.ask(scenes[0], null);
    const second = errands.ask(scenes[0], { yaw: 77, pitch: 0, fov: 70 });
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(views).toEqual([77]);
  });
});
