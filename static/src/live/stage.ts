/** The picture of the room: follows the guide, or is looked around in freely; words stand beside it. */
import { h, icon } from "../dom";
import { _ } from "../i18n";
import { findScene, type Scene, type SceneView, type TourDocument } from "../viewer/document";
import { Follower } from "../viewer/follow";
import { TourList } from "../viewer/list";
import { TourViewer } from "../viewer/tour";
import { button, byId, setText, words } from "./dom";
import type { Guide } from "./protocol";
import { announce, type Room } from "./room";
import { Spotlight } from "./spotlight";
import type { RoomState } from "./state";
import { mergeTours, startInstead, tourMark } from "./tours";

export class Stage {
  viewer: TourViewer | null = null;
  follower: Follower | null = null;
  private list: TourList | null = null;
  private readonly stage = byId("stage");
  private readonly chip = byId("follow-chip");
  private readonly chipText = byId("follow-text");
  private readonly back = byId<HTMLButtonElement>("follow-back");
  private readonly who = byId("guide-name");
  private readonly captions = [...document.querySelectorAll<HTMLElement>("[data-caption]")];
  private readonly note = byId("stage-note");
  private mark = "";
  private tours: readonly TourDocument[] = [];
  private tour: TourDocument | null = null;
  /** The scene in which this page was put, as the one it showed is gone. */
  private movedTo: string | null = null;
  private leading = false;
  /** Whether the server knows that this screen looks around freely. */
  private told = false;
  /** The guide's point that is open here. */
  private held: string | null = null;
  private wasLed = false;
  /** Who guided when the state was last read; undefined before that. */
  private guide: Guide | null | undefined = undefined;
  private readonly ready: ((viewer: TourViewer) => void)[] = [];

  constructor(private readonly room: Room) {
    room.store.subscribe((state) => this.update(state));
    room.on("view", (frame) => {
      if (!this.leading) this.follower?.push(frame);
    });
    room.on("scene", (view) => {
      if (!this.leading) this.follower?.pushScene(view, view.t);
    });
    this.back.addEventListener("click", () => this.backToGuide());
    room.on("gather", () => this.gather());
    room.on("status", (status) => {
      this.told = false;
      if (status === "online") this.tellLook();
    });
    new Spotlight(room, this);
  }

  /** Calls `listener` with the viewer, now or when it is there. */
  whenReady(listener: (viewer: TourViewer) => void): void {
    if (this.viewer) listener(this.viewer);
    else this.ready.push(listener);
  }

  /** Where this page's picture looks, or null while there is none. */
  view(): SceneView | null {
    return this.viewer?.view() ?? null;
  }

  /** True while the picture goes where the guide looks. */
  get following(): boolean {
    return this.led(this.room.store.state) && this.follower?.following === true;
  }

  backToGuide(): void {
    if (this.leading || !this.led(this.room.store.state)) return;
    const focused = document.activeElement === this.back;
    this.follower?.resume();
    // The button goes away: the focus stays with the picture that it belonged to.
    if (focused) this.viewer?.picture.focus({ preventScroll: true });
  }

  /** The guide calls: who looks around comes back, and may leave again. */
  private gather(): void {
    if (this.leading || !this.led(this.room.store.state) || this.follower?.following !== false) return;
    this.backToGuide();
    this.remark(_("The guide calls everyone together. You can look around again at any time."));
  }

  /** Words on the picture, also said. */
  private remark(line: string, scene = this.viewer?.scene?.id ?? null): void {
    setText(byId("stage-note-text"), line);
    this.note.hidden = false;
    this.movedTo = scene;
    announce(line);
  }

  /** The crew is told how many look around freely: that, and nothing more, is said of this screen. */
  private tellLook(): void {
    const free = this.led(this.room.store.state) && this.follower?.following === false;
    if (free === this.told || this.room.data.role === "host") return;
    this.told = free;
    this.room.connection.say("look", { free });
  }

  /** The point that the guide holds open is open for those who follow, and closes with the guide's. */
  private holdOpen(state: RoomState): void {
    const { viewer } = this;
    const wanted = this.following ? state.hotspot : null;
    if (!viewer || wanted === this.held) return;
    if (wanted === null) {
      if (this.held !== null && this.following) viewer.closePanel();
      this.held = null;
    } else if (viewer.reveal(wanted)) {
      this.held = wanted;
      const hotspot = viewer.scene?.hotspots.find((one) => one.id === wanted);
      if (hotspot) announce(_("The guide shows “{point}”.", { point: hotspot.label.value }));
    }
  }

  /** This page's person leads (or no longer): the picture is theirs and follows nobody. */
  lead(on: boolean): void {
    if (this.leading === on) return;
    this.leading = on;
    if (on) this.follower?.freeLook();
    else if (this.led(this.room.store.state)) this.follower?.resume();
    this.show(this.room.store.state);
  }

  private led(state: RoomState): boolean {
    return state.room.state === "open" && state.guide !== null && !this.leading;
  }

  private update(state: RoomState): void {
    if (!state.ready) return;
    this.build(state);
    const led = this.led(state);
    if (led && !this.wasLed && !this.leading) this.follower?.resume();
    this.wasLed = led;
    this.tellLook();
    this.holdOpen(state);
    this.sayDropped(state);
    this.show(state);
  }

  /** The part went to a co-host by itself: everybody is told once. */
  private sayDropped(state: RoomState): void {
    const before = this.guide;
    this.guide = state.guide;
    if (before === undefined || before?.id === state.guide?.id) return;
    if (state.guide?.dropped)
      announce(_("The guide's line was cut. {name} guides now.", { name: state.guide.name }));
    else if (state.guide?.passed) announce(_("{name} guides now.", { name: state.guide.name }));
  }

  private build(state: RoomState): void {
    const mark = tourMark(state.tour);
    if (mark === this.mark) return;
    this.mark = mark;
    const before = this.tours;
    const tour = mergeTours(state.tour);
    this.tours = state.tour;
    this.tour = tour;
    byId("stage-empty").hidden = tour !== null;
    for (const id of ["picture", "places"]) byId(id).hidden = tour === null;
    if (!tour) return;
    if (this.viewer) {
      this.viewer.update(tour);
      this.list?.update(tour);
      this.keepPlace(before, this.viewer);
      return;
    }
    const led = this.led(state);
    const start = led ? state.view : null;
    const viewer = new TourViewer(byId("picture"), tour, { fromScene: start?.scene ?? null, view: start });
    this.viewer = viewer;
    this.follower = new Follower(
      viewer,
      {
        now: () => this.room.now(),
        onChange: (following) => {
          this.show(this.room.store.state);
          this.tellLook();
          this.holdOpen(this.room.store.state);
          if (following && this.following) announce(_("Following the guide"));
        },
      },
      led,
    );
    if (state.view) this.follower.push(state.view);
    const list = new TourList(
      byId("places"),
      tour,
      {
        onScene: (scene) => void viewer.visit(scene),
        onHotspot: (hotspot, opener) => viewer.open(hotspot, opener),
      },
      2,
    );
    this.list = list;
    viewer.on("scene", ({ scene }) => {
      byId("stage-poster").hidden = true;
      if (scene.id !== this.movedTo) this.note.hidden = true;
      // It may have been on its way while the tour changed.
      const present = this.tour && findScene(this.tour, scene.id);
      if (!present) this.keepPlace(this.tours, viewer);
      else if (present !== scene && this.tour) viewer.update(this.tour);
      list.setCurrent(scene.id);
      this.held = null;
      this.holdOpen(this.room.store.state);
      this.caption(scene);
      this.show(this.room.store.state);
    });
    viewer.on("unavailable", () => {
      byId("stage-poster").hidden = true;
    });
    for (const listener of this.ready.splice(0)) listener(viewer);
  }

  /** The tour changed. Who stands in a scene that is gone goes to the guide or to the start, and is told. */
  private keepPlace(before: readonly TourDocument[], viewer: TourViewer): void {
    const { scene } = viewer;
    const { tour } = this;
    if (!scene || !tour) return;
    const { view } = this.room.store.state;
    const guided = this.following && view ? findScene(tour, view.scene) : undefined;
    const here = findScene(tour, scene.id);
    if (here) this.caption(here);
    // The guide may stand in a scene that came with the new tour.
    if (here && (!guided || guided.id === here.id)) return;
    const to = guided ?? startInstead(before, this.tours, scene.id);
    if (!to) return;
    void viewer.show(to.id, guided ? view : null);
    if (here) return;
    const moved = _("“{scene}” was taken out of the tour. You are at “{start}” now.", {
      scene: scene.title.value,
      start: to.title.value,
    });
    this.remark(moved, to.id);
  }

  private caption(scene: Scene): void {
    for (const caption of this.captions) {
      const made = scene.render ? h("span", { class: "chip" }, icon("image"), _("Render")) : null;
      const credit = [scene.credit, scene.licence].filter(Boolean).join(", ");
      caption.replaceChildren(
        h(
          "span",
          { class: "caption__body" },
          h("strong", { class: "caption__title" }, words(scene.title)),
          h("span", { class: "caption__words" }, words(scene.alternative)),
        ),
        h("span", { class: "caption__source" }, made, credit),
      );
    }
  }

  private show(state: RoomState): void {
    const { viewer } = this;
    const led = this.led(state);
    const free = led && this.follower?.following === false;
    this.stage.dataset.follow = this.leading ? "leading" : led ? (free ? "free" : "following") : "alone";
    this.back.hidden = !free;
    this.chip.hidden = !state.ready || viewer === null;
    const scene = viewer?.scene?.title.value ?? "";
    const line = this.line(state, free, scene);
    setText(this.chipText, line);
    const away = this.away(state);
    this.who.hidden = state.guide === null || away || this.leading || state.room.state !== "open";
    setText(byId("guide-name-text"), state.guide ? _("{name} guides", { name: state.guide.name }) : "");
  }

  /** No screen of the crew is connected, so nobody can be leading whatever the log says. */
  private away(state: RoomState): boolean {
    return state.presence !== null && state.presence.guides === 0;
  }

  private line(state: RoomState, free: boolean, scene: string): string {
    if (this.leading) return _("You guide · {scene}", { scene });
    const closed = state.room.state === "closed";
    if (closed && this.room.data.role === "participant") return _("Look around while you wait");
    if (state.room.state !== "open") return _("Look around");
    if (state.guide === null) return _("Nobody guides right now. Look around.");
    if (this.away(state)) return _("The guide's line is cut. Look around until it is back.");
    return free ? _("You look around freely") : _("Following the guide · {scene}", { scene });
  }
}

/** The buttons on the picture's corner: the window full of it, and on small screens the keys of the picture. */
export function stageTools(parent: HTMLElement): { leaveFull(): boolean } {
  const full = bodySwitch("full", "room--full", "maximize", _("Fill the window"));
  const turn = bodySwitch("turn", "room--turning", "move", _("Buttons to look around"));
  parent.append(full, turn);
  return {
    leaveFull() {
      const on = document.body.classList.contains("room--full");
      if (on) full.click();
      return on;
    },
  };
}

/** A pressed or not pressed button that stands for a class of the body; by CSS, as iPhones have no full screen. */
function bodySwitch(id: string, className: string, sign: string, name: string): HTMLButtonElement {
  const made = button(
    name,
    () => made.setAttribute("aria-pressed", String(document.body.classList.toggle(className))),
    { icon: sign, look: "button--picture", attributes: { id, title: name, "aria-pressed": "false" } },
  );
  return made;
}
