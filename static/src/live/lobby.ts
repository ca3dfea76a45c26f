/** Before and after: the countdown, how many are at the screen, the guide who is late, and the thank-you. */
import { _ } from "../i18n";
import { byId, setText } from "./dom";
import { clockTime, countdown, day, moment, ownZone, SWEDEN, zoneName } from "./format";
import type { Room } from "./room";

/** From here on the lobby names somebody to write to. */
const LATE_MS = 15 * 60_000;

export class Lobby {
  private readonly lobby = byId("lobby");
  private readonly ended = byId("ended");
  private readonly clock = byId("lobby-countdown");
  private readonly lead = byId("lobby-lead");
  private readonly contact = byId("lobby-contact");

  constructor(private readonly room: Room) {
    this.times();
    this.stepper();
    room.store.subscribe(() => this.render());
    room.on("tick", () => this.count());
  }

  private render(): void {
    const { state } = this.room.store;
    if (!state.ready) return;
    this.lobby.hidden = state.room.state !== "closed";
    this.ended.hidden = state.room.state !== "ended";
    this.count();
  }

  private count(): void {
    const left = this.room.data.session.starts_at - this.room.now();
    const late = left <= 0;
    setText(this.lead, late ? _("The guide is on the way.") : _("The tour begins in"));
    this.clock.hidden = late;
    if (!late) setText(this.clock, countdown(left));
    byId("lobby-late").hidden = !late;
    this.contact.hidden = left > -LATE_MS;
  }

  /** The start in the reader's own zone, and Swedish time beside it. */
  private times(): void {
    const { starts_at } = this.room.data.session;
    const zone = ownZone();
    setText(byId("lobby-own-time"), moment(starts_at, zone));
    setText(byId("lobby-own-zone"), zoneName(zone));
    byId("lobby-sweden").hidden = moment(starts_at, zone) === moment(starts_at, SWEDEN);
    const sameDay = day(starts_at, zone) === day(starts_at, SWEDEN);
    setText(byId("lobby-sweden-time"), sameDay ? clockTime(starts_at, SWEDEN) : moment(starts_at, SWEDEN));
  }

  private stepper(): void {
    for (const field of document.querySelectorAll<HTMLInputElement>("input[data-heads]")) {
      field.value = String(this.room.heads);
      field.addEventListener("change", () => this.heads(Number(field.value)));
    }
    for (const step of document.querySelectorAll<HTMLButtonElement>("button[data-heads-step]")) {
      step.addEventListener("click", () => this.heads(this.room.heads + Number(step.dataset.headsStep)));
    }
  }

  private heads(count: number): void {
    const taken = this.room.setHeads(count);
    for (const field of document.querySelectorAll<HTMLInputElement>("input[data-heads]")) {
      field.value = String(taken);
    }
  }
}
