/** Announcements of the crew, above everything; the crew takes them back here. */
import { h, icon } from "../../dom";
import { _ } from "../../i18n";
import { button, byId, KeyedList, markLanguage, setText } from "../dom";
import { announce, type Room } from "../room";
import type { Announcement } from "../state-audience";

export class Announcements {
  private readonly parent = byId("announcements");
  private readonly list: KeyedList<Announcement>;
  private first = true;

  constructor(private readonly room: Room) {
    const crew = room.data.role === "host";
    this.list = new KeyedList(
      this.parent,
      ({ id }) => id,
      (first) => {
        const text = h("p", { class: "announcement__text", dir: "auto" });
        const back = crew
          ? button(_("Take back"), () => void this.withdraw(first.id), { look: "button--quiet" })
          : null;
        const element = h(
          "div",
          { class: "announcement", "data-testid": "announcement" },
          icon("bell"),
          text,
          back,
        );
        return {
          element,
          update: (item) => {
            setText(text, item.text);
            markLanguage(text, item.lang);
          },
        };
      },
    );
    room.store.subscribe(() => this.show());
    room.on("tick", () => this.show());
  }

  private show(): void {
    const { audience, ready } = this.room.store.state;
    if (!ready) return;
    const now = this.room.now();
    const standing = [...audience.announcements.values()].filter(
      ({ until }) => until === null || until > now,
    );
    const added = this.list.show(standing);
    this.parent.hidden = standing.length === 0;
    // What stood there when the page was opened is read with the page.
    if (!this.first) for (const one of standing) if (added.includes(one.id)) announce(one.text);
    this.first = false;
  }

  private async withdraw(announcement: string): Promise<void> {
    await this.room.connection.command("announce.withdraw", { announcement });
  }
}
