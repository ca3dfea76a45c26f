/** The crew's view of the people: raised hands, words to everyone, who is there by country and organisation. */
import { h } from "../../dom";
import { _, ngettext } from "../../i18n";
import { button, byId, chip, KeyedList, setText } from "../dom";
import { clockTime, countryName, people } from "../format";
import { announce, errorWords, type Room } from "../room";
import type { Group, Hand } from "../state-audience";

export class PeopleDesk {
  private readonly hands: KeyedList<Hand>;
  private readonly groups = byId("groups-body");
  private readonly form = byId<HTMLFormElement>("announce-form");
  private readonly text = byId<HTMLInputElement>("announce-text");
  private readonly minute = byId<HTMLInputElement>("announce-minute");
  private readonly error = byId("people-error");
  private shown = "";
  private known = 0;

  constructor(private readonly room: Room) {
    this.hands = new KeyedList(
      byId("hands-list"),
      ({ id }) => id,
      (hand) => this.row(hand),
    );
    const key = room.key("draft-announce");
    if (this.text.value === "") this.text.value = sessionStorage.getItem(key) ?? "";
    this.text.addEventListener("input", () => sessionStorage.setItem(key, this.text.value));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.post(key);
    });
    room.store.subscribe(() => this.show());
  }

  private show(): void {
    const { audience } = this.room.store.state;
    const hands = [...audience.hands.values()].sort(
      (a, b) => a.raised_at - b.raised_at || (a.id < b.id ? -1 : 1),
    );
    this.hands.show(hands);
    byId("hands-empty").hidden = hands.length > 0;
    setText(byId("crew-people-new"), hands.length > 0 ? String(hands.length) : "");
    if (hands.length > this.known)
      announce(
        ngettext("{count} raised hand", "{count} raised hands", hands.length, { count: hands.length }),
      );
    this.known = hands.length;
    const look = JSON.stringify(audience.groups);
    if (look === this.shown) return;
    this.shown = look;
    this.groups.replaceChildren(...audience.groups.map(groupRow));
    byId("groups").hidden = audience.groups.length === 0;
    byId("groups-empty").hidden = audience.groups.length > 0;
  }

  private row(first: Hand) {
    let hand = first;
    const who = h("p", { class: "card-q__text", dir: "auto" });
    const state = h("p", { class: "card-q__marks" });
    const act = (words: string, sign: string, command: string) =>
      button(words, () => void this.run(command, { hand: hand.id, revision: hand.revision }), { icon: sign });
    const call = act(_("Give the word"), "mic", "hand.call");
    const done = act(_("Take the hand down"), "check", "hand.done");
    const element = h(
      "li",
      { class: "card-q", "data-testid": "hand-card" },
      who,
      state,
      h("div", { class: "card-q__actions" }, call, done),
    );
    return {
      element,
      update: (next: Hand) => {
        hand = next;
        const parts = [hand.name ?? _("Erased")];
        if (hand.country) parts.push(countryName(hand.country));
        setText(who, parts.join(" · "));
        const called = hand.state === "called";
        state.replaceChildren(
          called
            ? chip(_("Has the word"), "mic", "chip--live")
            : chip(_("Since {time}", { time: clockTime(hand.raised_at) }), "hand"),
        );
        call.hidden = called;
      },
    };
  }

  private async post(key: string): Promise<void> {
    const text = this.text.value.trim();
    if (text === "") return;
    const posted = await this.run("announce.post", { text, seconds: this.minute.checked ? 60 : null });
    if (!posted || this.text.value.trim() !== text) return;
    this.text.value = "";
    sessionStorage.removeItem(key);
  }

  private async run(command: string, args: Record<string, unknown>): Promise<boolean> {
    const ack = await this.room.connection.command(command, args);
    setText(this.error, ack.ok ? "" : errorWords(ack.error));
    this.error.hidden = ack.ok;
    return ack.ok;
  }
}

function groupRow(group: Group): HTMLElement {
  const where = group.country ? countryName(group.country) : _("Not disclosed");
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      where,
      group.organisation ? h("span", { class: "muted", dir: "auto" }, ` · ${group.organisation}`) : null,
    ),
    h("td", {}, String(group.persons)),
    h("td", {}, people(group.heads)),
  );
}
