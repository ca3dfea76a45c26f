/** The poll that everyone is asked, in the delegate's panel: answer once, then see the result when it may be seen. */
import { h } from "../../dom";
import { _ } from "../../i18n";
import { button, byId, markLanguage, setText } from "../dom";
import { announce, errorWords, type Room } from "../room";
import { currentPoll, type Poll } from "../state-audience";
import { showResults } from "./results";

export class PollCard {
  private readonly card = byId("poll");
  private readonly title = byId("poll-title");
  private readonly text = byId("poll-text");
  private readonly body = byId("poll-body");
  private readonly result = byId("poll-result");
  private readonly error = byId("poll-error");
  /** What the form shows: it is built anew only when that changes, so that no tick is lost. */
  private built = "";
  private sending = false;
  private announced: string | null = null;

  constructor(
    private readonly room: Room,
    private readonly open: () => void,
  ) {
    room.store.subscribe(() => this.show());
    byId("poll-open").addEventListener("click", () => {
      this.open();
      this.body.querySelector<HTMLElement>("input")?.focus();
    });
  }

  private show(): void {
    const { audience, ready, room } = this.room.store.state;
    const poll = ready ? currentPoll(audience) : null;
    const shown = poll !== null && (poll.state === "open" || room.state === "open");
    this.card.hidden = !shown;
    if (!poll || !shown) {
      byId("poll-open").hidden = true;
      document.body.dataset.poll = "";
      return;
    }
    const mine = audience.answers.get(poll.id);
    const asked = poll.state === "open" && mine === undefined;
    byId("poll-open").hidden = !asked;
    document.body.dataset.poll = asked ? "asked" : "";
    if (asked && this.announced !== poll.id) announce(_("The hosts ask: {text}", { text: poll.text }));
    if (asked) this.announced = poll.id;
    setText(this.title, poll.state === "open" ? _("The hosts ask") : _("The result"));
    setText(this.text, poll.text);
    markLanguage(this.text, poll.lang);
    const look = `${poll.id} ${poll.revision} ${asked}`;
    if (look !== this.built) {
      this.built = look;
      this.body.replaceChildren(...(asked ? [this.form(poll)] : []));
      this.say("");
    }
    // Who has not answered shall not be led by those who have.
    if (asked) this.result.replaceChildren();
    else showResults(this.result, poll, mine ?? []);
    if (mine !== undefined && poll.counts === null)
      this.result.replaceChildren(
        h(
          "p",
          { class: "muted", role: "status" },
          _("Thank you. You see the result when the poll is closed."),
        ),
      );
  }

  private form(poll: Poll): HTMLElement {
    const several = poll.kind === "multiple";
    const options = poll.options.map((option) => {
      const field = h("input", {
        type: several ? "checkbox" : "radio",
        name: "choice",
        value: option.id,
      });
      return h("label", { class: "check poll__option" }, field, h("span", { dir: "auto" }, option.text));
    });
    const list = h(
      "fieldset",
      { class: `poll__options${poll.kind === "rating" ? " poll__options--rating" : ""}` },
      h("legend", { class: "visually-hidden" }, poll.text),
      several ? h("p", { class: "muted small" }, _("You can choose several.")) : null,
      poll.kind === "rating"
        ? h("p", { class: "muted small" }, _("From 1, not at all, to 5, very much."))
        : null,
      ...options,
    );
    markLanguage(list, poll.lang);
    const send = button(_("Send the answer"), () => {}, { icon: "check", attributes: { type: "submit" } });
    const form = h("form", { class: "poll__form", action: "#" }, list, send) as HTMLFormElement;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send(poll, new FormData(form).getAll("choice").map(String));
    });
    return form;
  }

  private async send(poll: Poll, choices: string[]): Promise<void> {
    if (this.sending) return;
    if (choices.length === 0) {
      this.say(_("Choose an answer first."));
      return;
    }
    this.sending = true;
    const ack = await this.room.connection.command("poll.answer", { poll: poll.id, choices });
    this.sending = false;
    if (ack.ok) {
      this.room.store.pollAnswered(poll.id, choices);
      announce(_("Your answer is in."));
    } else this.say(errorWords(ack.error));
  }

  private say(words: string): void {
    setText(this.error, words);
    this.error.hidden = words === "";
  }
}
