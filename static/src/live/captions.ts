/** What is said, in words under the picture, for as long as somebody writes it. */
import { h } from "../dom";
import { byId, KeyedList, markLanguage, setAttribute } from "./dom";
import type { CaptionLine } from "./protocol";
import type { Room } from "./room";

/** A line is shown for so long. */
const SHOWN_MS = 20_000;

export class Captions {
  private readonly box = byId("captions");
  private readonly toggle = byId<HTMLButtonElement>("captions-toggle");
  private readonly list: KeyedList<CaptionLine>;
  private readonly key: string;

  constructor(private readonly room: Room) {
    this.key = room.key("captions");
    this.list = new KeyedList(
      this.box,
      ({ id }) => id,
      (line) => {
        const element = h("p", { class: "captions__line", dir: "auto" }, line.text);
        markLanguage(element, line.lang);
        return { element, update: () => {} };
      },
    );
    this.toggle.addEventListener("click", () => {
      sessionStorage.setItem(this.key, this.on ? "off" : "on");
      this.show();
    });
    room.store.subscribe(() => this.show());
    room.on("tick", () => this.show());
  }

  private get on(): boolean {
    return sessionStorage.getItem(this.key) !== "off";
  }

  private show(): void {
    const { captions } = this.room.store.state;
    this.toggle.hidden = captions.length === 0;
    setAttribute(this.toggle, "aria-pressed", String(this.on));
    const fresh = captions.filter(({ at }) => this.room.now() - at < SHOWN_MS);
    this.list.show(this.on ? fresh : []);
    this.box.hidden = !this.on || fresh.length === 0;
  }
}
