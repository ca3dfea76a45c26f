/** The guide's script: stops with notes and minutes, which only the crew sees, and the way to the next one. */
import { h } from "../dom";
import { _ } from "../i18n";
import { findScene } from "../viewer/document";
import { button, byId, setText } from "./dom";
import { countdown } from "./format";
import type { Stop } from "./protocol";
import { announce, errorWords, type Room } from "./room";
import type { Stage } from "./stage";
import { mergeTours } from "./tours";

export class Script {
  private readonly list = byId("script-list");
  private readonly error = byId("script-error");
  private readonly note = byId("script-note");
  private readonly timer = byId("script-timer");
  private readonly next = byId<HTMLButtonElement>("script-next");
  private readonly key: string;
  private shown = "";
  private current: number;
  private since: number;

  constructor(
    private readonly room: Room,
    private readonly stage: Stage,
  ) {
    this.key = room.key("script");
    const kept = (sessionStorage.getItem(this.key) ?? "").split(" ").map(Number);
    this.current =
      Number.isInteger(kept[0]) && sessionStorage.getItem(this.key) !== null ? (kept[0] ?? -1) : -1;
    this.since = kept[1] ?? 0;
    byId("script-add").addEventListener("click", () => void this.add());
    this.next.addEventListener("click", () => void this.go(this.current + 1));
    room.store.subscribe(() => this.show());
    room.on("tick", () => this.count());
  }

  private get stops(): readonly Stop[] {
    return this.room.store.state.script;
  }

  private title(stop: Stop): string {
    const tour = mergeTours(this.room.store.state.tour);
    const scene = tour && findScene(tour, stop.scene);
    return scene?.title.value ?? _("A place that was taken out of the tour");
  }

  private show(): void {
    const { stops } = this;
    const look = JSON.stringify([stops, this.current, this.room.store.state.tour.length]);
    if (look === this.shown) return;
    // While somebody writes a note nothing is built anew under their hands.
    if (this.list.contains(document.activeElement) && document.activeElement?.tagName === "TEXTAREA") return;
    this.shown = look;
    byId("script-empty").hidden = stops.length > 0;
    this.list.replaceChildren(...stops.map((stop, index) => this.row(stop, index)));
    const upcoming = stops[this.current + 1];
    this.next.hidden = upcoming === undefined;
    if (upcoming)
      setText(
        this.next.querySelector("span") as HTMLElement,
        this.current < 0
          ? _("Begin: {place}", { place: this.title(upcoming) })
          : _("Next: {place}", { place: this.title(upcoming) }),
      );
    const here = stops[this.current];
    setText(this.note, here?.note ?? "");
    this.note.hidden = !here?.note;
    this.count();
  }

  /** How long the present stop still has; over its time it says so, and never moves on by itself. */
  private count(): void {
    const here = this.stops[this.current];
    this.timer.hidden = !here || this.since === 0;
    if (!here || this.since === 0) return;
    const passed = this.room.now() - this.since;
    const left = here.minutes === null ? null : here.minutes * 60_000 - passed;
    setText(
      this.timer,
      left === null
        ? _("Here for {time}", { time: countdown(passed) })
        : left >= 0
          ? _("{time} left here", { time: countdown(left) })
          : _("{time} over the time planned here", { time: countdown(-left) }),
    );
    this.timer.classList.toggle("script__timer--over", left !== null && left < 0);
  }

  private row(stop: Stop, index: number): HTMLElement {
    const name = this.title(stop);
    const note = h("textarea", {
      class: "input",
      rows: "2",
      dir: "auto",
      maxlength: "2000",
      "aria-label": _("Note for {place}", { place: name }),
      placeholder: _("A note that only the crew sees"),
    }) as HTMLTextAreaElement;
    note.value = stop.note;
    const minutes = h("input", {
      class: "input script__minutes",
      type: "number",
      min: "1",
      max: "240",
      inputmode: "numeric",
      "aria-label": _("Minutes for {place}", { place: name }),
    }) as HTMLInputElement;
    minutes.value = stop.minutes === null ? "" : String(stop.minutes);
    const change = () => {
      const count = Math.round(Number(minutes.value));
      const planned = minutes.value === "" || !(count >= 1) ? null : Math.min(240, count);
      void this.save(
        this.stops.map((one, at) => (at === index ? { ...one, note: note.value, minutes: planned } : one)),
      );
    };
    note.addEventListener("change", change);
    minutes.addEventListener("change", change);
    const act = (words: string, sign: string, press: () => void, hidden = false) =>
      button(words, press, {
        icon: sign,
        look: "button--quiet button--icon",
        attributes: { hidden, title: words },
      });
    return h(
      "li",
      {
        class: "script__stop",
        "aria-current": index === this.current ? "step" : null,
        "data-testid": "script-stop",
      },
      button(name, () => void this.go(index), { look: "button--quiet script__place", icon: "map-pin" }),
      h("label", { class: "script__time" }, minutes, h("span", {}, _("min"))),
      note,
      h(
        "span",
        { class: "script__acts" },
        act(_("Earlier"), "arrow-up", () => void this.move(index, -1), index === 0),
        act(_("Later"), "arrow-down", () => void this.move(index, 1), index === this.stops.length - 1),
        act(_("Remove"), "trash-2", () => void this.save(this.stops.filter((_stop, at) => at !== index))),
      ),
    );
  }

  private async go(index: number): Promise<void> {
    const stop = this.stops[index];
    const { viewer } = this.stage;
    if (!stop || !viewer) return;
    const { fov, pitch, yaw } = stop;
    const view = yaw === null || pitch === null ? null : { yaw, pitch, fov: fov ?? 70 };
    const shown = await viewer.visit(stop.scene, view);
    if (!shown) return;
    this.current = index;
    this.since = this.room.now();
    sessionStorage.setItem(this.key, `${index} ${this.since}`);
    this.show();
    announce(this.title(stop));
  }

  private async add(): Promise<void> {
    const view = this.stage.view();
    if (!view?.scene) return;
    const { fov, pitch, scene, yaw } = view;
    const two = (value: number) => Math.round(value * 100) / 100;
    const stop: Stop = { scene, yaw: two(yaw), pitch: two(pitch), fov: two(fov), note: "", minutes: null };
    await this.save([...this.stops, stop]);
  }

  private async move(index: number, by: number): Promise<void> {
    const stops = [...this.stops];
    const [stop] = stops.splice(index, 1);
    if (!stop) return;
    stops.splice(index + by, 0, stop);
    await this.save(stops);
  }

  private async save(steps: readonly Stop[]): Promise<void> {
    const before = this.stops;
    const ack = await this.room.connection.command("script.save", { steps, before });
    setText(this.error, ack.ok ? "" : errorWords(ack.error));
    this.error.hidden = ack.ok;
    this.shown = "";
    this.show();
  }
}
