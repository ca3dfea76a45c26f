/** What a delegate can do without words: raise a hand, react. */
import { _ } from "../../i18n";
import { button, byId, setAttribute, setText } from "../dom";
import { announce, errorWords, type Room } from "../room";
import { REACTIONS } from "./reactions";

export class Acts {
  private readonly hand: HTMLButtonElement;
  private readonly reactions: HTMLButtonElement[];
  private readonly error = byId("acts-error");
  private shown = "down";

  constructor(private readonly room: Room) {
    const parent = byId("acts");
    this.hand = button(_("Raise your hand"), () => void this.toggle(), {
      icon: "hand",
      look: "button--quiet acts__hand",
      attributes: { "aria-pressed": "false", "data-testid": "hand" },
    });
    this.reactions = REACTIONS.map(({ kind, sign, name }) =>
      button(name(), () => room.connection.say("react", { kind }), {
        icon: sign,
        look: "button--quiet acts__reaction",
        attributes: { title: name(), "data-testid": `react-${kind}` },
      }),
    );
    parent.prepend(this.hand, ...this.reactions);
    room.store.subscribe(() => this.show());
  }

  private show(): void {
    const { audience, ready, room, rules } = this.room.store.state;
    const open = ready && room.state === "open";
    byId("acts").hidden = !open;
    for (const reaction of this.reactions) reaction.hidden = rules?.reactions_on === false;
    const { hand } = audience;
    setAttribute(this.hand, "aria-pressed", String(hand !== "down"));
    const words =
      hand === "called"
        ? _("You have the word")
        : hand === "up"
          ? _("Your hand is raised")
          : _("Raise your hand");
    setText(this.hand.querySelector("span") as HTMLElement, words);
    if (hand !== this.shown) {
      this.shown = hand;
      if (open && hand === "called")
        announce(_("You have the word. Switch your microphone on in the sound."));
    }
  }

  private async toggle(): Promise<void> {
    const up = this.room.store.state.audience.hand !== "down";
    const ack = await this.room.connection.command(up ? "hand.lower" : "hand.raise");
    setText(this.error, ack.ok ? "" : errorWords(ack.error));
    this.error.hidden = ack.ok;
    if (ack.ok) announce(up ? _("Your hand is down.") : _("Your hand is raised. The hosts see it."));
  }
}
