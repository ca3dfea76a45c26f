/** The guide's console: opens and ends the room, takes and gives back the guide's part, sends the view. */
import { _, ngettext } from "../i18n";
import { Broadcaster } from "../viewer/broadcast";
import { button, byId, setText } from "./dom";
import { Finger } from "./pointing";
import { announce, errorWords, type Room } from "./room";
import { Script } from "./script";
import type { Stage } from "./stage";
import type { RoomState } from "./state";

/** An ended room can be opened again for this long. */
const REOPEN_MS = 10 * 60_000;
/** The log tells who guides at least once a second; after this long without it the part was not taken. */
const SETTLE_MS = 5_000;

export class GuideConsole {
  private readonly flag: string;
  private readonly finger: Finger;
  private readonly windows: BroadcastChannel | null;
  private broadcaster: Broadcaster | null = null;
  private taking = false;
  private others = "";
  /** Who guided when the state was last read; undefined before that. */
  private guide: string | null | undefined = undefined;

  constructor(
    private readonly room: Room,
    private readonly stage: Stage,
  ) {
    this.flag = room.key("guide");
    this.windows = "BroadcastChannel" in window ? new BroadcastChannel(this.flag) : null;
    // One person, two windows: the one that took the part last leads.
    this.windows?.addEventListener("message", () => this.forget());
    stage.whenReady((viewer) => {
      this.broadcaster = new Broadcaster(viewer, {
        now: () => room.now(),
        onFrame: ({ scene, yaw, pitch, fov, t }) => room.connection.view({ scene, yaw, pitch, fov, t }),
        onScene: ({ scene, yaw, pitch, fov }) =>
          void room.connection.command("guide.scene", { scene, yaw, pitch, fov }),
      });
      this.update(room.store.state);
    });
    stage.whenReady((viewer) => {
      viewer.on("panel", ({ hotspot }) => this.hold(hotspot?.id ?? null));
    });
    this.finger = new Finger(room, stage);
    new Script(room, stage);
    room.store.subscribe((state) => this.update(state));
    room.on("status", (status) => {
      if (status === "online") this.broadcaster?.sendNow();
    });
    room.on("tick", () => this.reopening(room.store.state));
    this.bind();
  }

  /** True while this page's view is everyone's. */
  get leading(): boolean {
    return this.broadcaster?.running === true;
  }

  private bind(): void {
    byId("guide-take").addEventListener("click", () => void this.take());
    byId("guide-release").addEventListener("click", () => void this.run("guide.release"));
    byId("guide-gather").addEventListener("click", () => void this.gather());
    byId("room-open").addEventListener("click", () => void this.open());
    byId("room-reopen").addEventListener("click", () => void this.run("room.reopen"));
    const dialog = byId<HTMLDialogElement>("end-dialog");
    byId("room-end").addEventListener("click", () => dialog.showModal());
    byId("end-cancel").addEventListener("click", () => dialog.close());
    byId("end-confirm").addEventListener("click", () => {
      dialog.close();
      void this.run("room.end");
    });
  }

  /** Opening the room makes the one who opens it the guide, unless somebody guides already. */
  private async open(): Promise<void> {
    const opened = await this.run("room.open");
    if (opened && this.room.store.state.guide === null) await this.take();
  }

  /** What is open in the guide's picture is open in everyone's. */
  private hold(hotspot: string | null): void {
    const scene = this.stage.view()?.scene;
    if (!this.leading || !scene || this.room.store.state.hotspot === hotspot) return;
    void this.run("guide.hotspot", { scene, hotspot });
  }

  private async gather(): Promise<void> {
    if (await this.run("guide.gather")) announce(_("Everyone was called together."));
  }

  /** Of two who reach for the part at the same moment one gets it: the other learns who, and may take it over. */
  private async take(): Promise<void> {
    this.taking = true;
    this.remember(true);
    const taken = await this.run("guide.take", { from: this.room.store.state.guide?.id ?? null });
    if (taken) this.windows?.postMessage("taken");
    // The log's word may come after the answer; until then the part is neither somebody else's nor given up.
    if (!taken || this.mine(this.room.store.state)) this.taking = false;
    else setTimeout(() => this.settle(), SETTLE_MS);
    this.update(this.room.store.state);
  }

  private settle(): void {
    this.taking = false;
    this.update(this.room.store.state);
  }

  /** Guests of the crew are shown what they may do; the server asks again in any case. */
  private may(verb: string): boolean {
    return this.room.data.may?.includes(verb) ?? true;
  }

  private mine(state: RoomState): boolean {
    return state.guide !== null && state.guide.id === this.room.data.me.actor;
  }

  private async run(command: string, args: Record<string, unknown> = {}): Promise<boolean> {
    const error = byId("guide-error");
    error.hidden = true;
    const ack = await this.room.connection.command(command, args);
    if (!ack.ok) {
      setText(error, errorWords(ack.error));
      error.hidden = false;
    }
    return ack.ok;
  }

  private update(state: RoomState): void {
    if (!state.ready) return;
    const mine = this.mine(state);
    this.stepIn(state, mine);
    if (mine) this.taking = false;
    else if (!this.taking) this.remember(false);
    const leading = mine && this.remembered() && state.room.state === "open";
    if (leading && !this.leading) announce(_("You guide now."));
    this.stage.lead(leading);
    if (leading) this.broadcaster?.start();
    else this.broadcaster?.stop();
    const open = state.room.state === "open";
    byId("room-open").hidden = state.room.state !== "closed" || !this.may("room.host");
    byId("room-end").hidden = !open || !this.may("room.host");
    byId("guide-take").hidden = leading || !open || !this.may("room.guide");
    byId("script").hidden = !this.may("room.guide");
    byId("guide-release").hidden = !leading;
    byId("guide-gather").hidden = !leading;
    this.finger.allow(leading);
    this.colleagues(state, leading);
    setText(byId("guide-take-text"), state.guide === null ? _("Guide the tour") : _("Take over the tour"));
    setText(byId("guide-who"), this.words(state, mine, leading));
    this.followers(state, leading);
    this.reopening(state);
  }

  /** The guide's line was cut and the part came here: the window that is looked at leads on from where everyone stands. */
  private stepIn(state: RoomState, mine: boolean): void {
    const came = state.guide?.dropped === true || state.guide?.passed === true;
    const fresh = mine && came && this.guide !== state.guide?.id;
    const known = this.guide !== undefined;
    this.guide = state.guide?.id ?? null;
    if (!fresh || !known || document.visibilityState !== "visible") return;
    this.remember(true);
    this.windows?.postMessage("taken");
  }

  private words(state: RoomState, mine: boolean, leading: boolean): string {
    if (state.room.state === "closed") return _("The room is closed. Delegates wait in the lobby.");
    if (state.room.state === "ended") return _("The tour has ended.");
    if (leading) return _("You guide. Everyone's picture follows yours.");
    if (mine && state.guide?.dropped)
      return _("The guide's line was cut: the part is yours. Take it in this window.");
    if (mine && state.guide?.passed) return _("The part was given to you. Take it in this window.");
    if (mine) return _("You guide in another window.");
    if (state.guide) return _("{name} guides", { name: state.guide.name });
    return _("Nobody guides right now.");
  }

  /** To whom the part can be given: the crew who are there. */
  private colleagues(state: RoomState, leading: boolean): void {
    const menu = byId<HTMLDetailsElement>("guide-pass");
    const others = state.able.filter(({ id }) => id !== this.room.data.me.actor);
    menu.hidden = !leading || others.length === 0;
    if (menu.hidden) menu.open = false;
    const look = JSON.stringify(others);
    if (look === this.others) return;
    this.others = look;
    byId("guide-pass-list").replaceChildren(
      ...others.map(({ id, name }) =>
        button(
          name,
          () => {
            menu.open = false;
            void this.run("guide.pass", { to: id });
          },
          { icon: "user", look: "menu__item" },
        ),
      ),
    );
  }

  /** How many screens there are besides the guides': those that can follow, and those that look around freely. */
  private followers(state: RoomState, leading: boolean): void {
    const element = byId("guide-followers");
    const { presence } = state;
    element.hidden = presence === null || state.room.state !== "open";
    if (!presence) return;
    const screens = Math.max(0, presence.connections - presence.guides);
    const words = leading
      ? ngettext("{count} screen can follow you", "{count} screens can follow you", screens)
      : ngettext("{count} screen can follow", "{count} screens can follow", screens);
    const free = state.guide === null ? 0 : Math.min(screens, presence.free ?? 0);
    const apart = ngettext("{count} looks around freely", "{count} look around freely", free);
    setText(element, free > 0 ? `${words} · ${apart}` : words);
  }

  private reopening(state: RoomState): void {
    const ended = state.room.state === "ended" ? state.room.ended_at : null;
    byId("room-reopen").hidden =
      !this.may("room.host") || ended === null || this.room.now() - ended > REOPEN_MS;
  }

  private forget(): void {
    this.remember(false);
    this.update(this.room.store.state);
  }

  private remembered(): boolean {
    return sessionStorage.getItem(this.flag) === "1";
  }

  private remember(on: boolean): void {
    if (on) sessionStorage.setItem(this.flag, "1");
    else sessionStorage.removeItem(this.flag);
  }
}
