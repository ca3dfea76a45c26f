/** The room's bar: its state, the time left, who is there, the sound; and the browser's title. */
import { h, icon } from "../dom";
import { _ } from "../i18n";
import { byId, setAttribute, setText } from "./dom";
import { overTime, people, presenceDetails, presenceText, timeLeft } from "./format";
import { queueCounts } from "./lists";
import type { RoomStatus } from "./protocol";
import type { Room } from "./room";

export class Header {
  private readonly state = byId("room-state");
  private readonly left = byId("time-left");
  private readonly presence = byId("presence");
  private shown: RoomStatus | null = null;
  private readonly original = document.title;

  constructor(private readonly room: Room) {
    room.store.subscribe(() => this.render());
    room.on("tick", () => this.time());
    const sound = document.getElementById("sound");
    const used = room.key("sound");
    if (sound && sessionStorage.getItem(used)) this.soundUsed(sound);
    sound?.addEventListener("click", () => {
      sessionStorage.setItem(used, "1");
      this.soundUsed(sound);
    });
    if (!sound) document.body.dataset.sound = "used";
  }

  private render(): void {
    const { state } = this.room.store;
    if (!state.ready) return;
    document.body.dataset.phase = state.room.state;
    if (state.room.state !== this.shown) {
      this.shown = state.room.state;
      this.state.className = `chip ${this.shown === "open" ? "chip--live" : ""}`;
      this.state.replaceChildren(...stateParts(this.shown));
    }
    const { presence } = state;
    this.presence.hidden = presence === null;
    if (presence) {
      // Short where there is no room; every count says what it counts.
      setText(byId("presence-short"), people(presence.heads));
      setText(byId("presence-long"), presenceText(presence));
      setAttribute(this.presence, "title", presenceDetails(presence));
    }
    this.time();
    document.title = this.title();
  }

  private time(): void {
    const { state } = this.room.store;
    const open = state.ready && state.room.state === "open";
    const words = open ? timeLeft(this.room.now(), this.room.data.session.ends_at) : null;
    const over =
      open && this.room.data.role === "host"
        ? overTime(this.room.now(), this.room.data.session.ends_at)
        : null;
    this.left.hidden = (words ?? over) === null;
    setText(this.left, words ?? over ?? "");
    this.left.classList.toggle("room-bar__fact--over", over !== null);
  }

  private title(): string {
    const { state } = this.room.store;
    const session = this.room.data.session.title.value;
    if (this.room.data.role === "host") {
      const { new: count } = queueCounts(state);
      const name = _("Questions: {session}", { session });
      return count > 0 ? `(${count}) ${name}` : name;
    }
    return state.room.state === "open" ? _("Live: {session}", { session }) : this.original;
  }

  /** The sound was opened: it steps back, and another button may be the filled one. */
  private soundUsed(sound: HTMLElement): void {
    sound.classList.remove("button--primary");
    document.body.dataset.sound = "used";
  }
}

function stateParts(state: RoomStatus): Node[] {
  const [name, word] =
    state === "open"
      ? ["radio", _("Live")]
      : state === "ended"
        ? ["circle-check", _("Ended")]
        : ["clock", _("Not open yet")];
  return [icon(name), h("span", {}, word)];
}
