/** The box to ask in. What is typed here is never lost, and no key of the page acts while somebody types. */
import { h } from "../dom";
import { _, ngettext } from "../i18n";
import { button, byId, isComposing, setText } from "./dom";
import { type Draft, Drafts } from "./drafts";
import { announce, errorWords, type Room } from "./room";

export const MAX_LENGTH = 1_000;
/** From here on the box says how many characters are left. */
const WARN_LENGTH = 850;

export class AskBox {
  readonly drafts: Drafts;
  private readonly form = byId<HTMLFormElement>("ask");
  private readonly text = byId<HTMLTextAreaElement>("ask-text");
  private readonly anonymous = byId<HTMLInputElement>("ask-anonymous");
  private readonly send = byId<HTMLButtonElement>("ask-send");
  private readonly error = byId("ask-error");
  private readonly left = byId("ask-left");
  private readonly returned = byId("ask-returned");

  constructor(private readonly room: Room) {
    this.drafts = new Drafts(sessionStorage, room.key("draft"));
    // What was typed before this script ran wins over what was kept.
    if (this.text.value === "") this.fill(this.drafts.current);
    else this.keep();
    this.text.addEventListener("input", () => this.keep());
    this.anonymous.addEventListener("change", () => this.keep());
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event) || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    room.on("answered", ({ command, ack }) => {
      if (command.name !== "question.ask" || ack.ok) return;
      this.refused(draftOf(command.args), errorWords(ack.error));
    });
    room.store.subscribe(() => this.refresh());
    this.showReturned();
    this.refresh();
  }

  focus(): void {
    this.text.focus();
  }

  /** Puts a question into the box; what is in it already moves beside it. */
  edit(draft: Draft): void {
    const current = this.drafts.current;
    this.drafts.write(draft);
    if (current.text.trim() !== "") this.drafts.giveBack(current);
    this.fill(this.drafts.current);
    this.showReturned();
    this.focus();
  }

  private get open(): boolean {
    return this.room.store.state.room.state === "open";
  }

  private submit(): void {
    const text = this.text.value.trim();
    if (text === "" || !this.open) return;
    if (text.length > MAX_LENGTH) {
      this.say(_("A question has room for {count} characters.", { count: MAX_LENGTH }));
      return;
    }
    // From here the words live in the outbox until the server has them.
    void this.room.connection.command("question.ask", { text, anonymous: this.anonymous.checked });
    this.fill({ text: "", anonymous: this.anonymous.checked });
    this.keep();
    this.say("");
    announce(_("Waiting for the host. Only you and the hosts see it."));
    this.text.focus();
  }

  private refused(draft: Draft, words: string): void {
    this.drafts.giveBack(draft);
    this.fill(this.drafts.current);
    this.showReturned();
    this.say(words);
  }

  private keep(): void {
    this.drafts.write({ text: this.text.value, anonymous: this.anonymous.checked });
    if (this.error.textContent) this.say("");
    this.refresh();
  }

  private fill(draft: Draft): void {
    if (this.text.value !== draft.text) this.text.value = draft.text;
    this.anonymous.checked = draft.anonymous;
    this.refresh();
  }

  private say(words: string): void {
    setText(this.error, words);
    this.error.hidden = words === "";
    this.text.setAttribute("aria-invalid", String(words !== ""));
  }

  private refresh(): void {
    const { state } = this.room.store.state.room;
    const ready = this.room.store.state.ready;
    this.form.hidden = ready && state === "ended";
    const remaining = MAX_LENGTH - this.text.value.length;
    this.left.hidden = this.text.value.length < WARN_LENGTH;
    setText(this.left, _("{count} characters left", { count: remaining }));
    const rules = this.room.store.state.rules;
    const locked = ready && rules?.questions_locked === true && state === "open";
    const closed = (ready && state === "closed") || locked;
    byId("ask-wait").hidden = !closed || locked;
    const slow = rules?.question_slow_seconds ?? 0;
    const rule = byId("ask-rule");
    rule.hidden = !locked && slow === 0;
    if (locked) setText(rule, _("The hosts take no more questions for now. Your text is kept."));
    else if (slow > 0)
      setText(rule, ngettext("One question in {count} second", "One question in {count} seconds", slow));
    // Not `disabled`: the button keeps its place for the keyboard and says why it waits.
    const usable = this.text.value.trim() !== "" && !closed && ready && remaining >= 0;
    this.send.setAttribute("aria-disabled", String(!usable));
  }

  private showReturned(): void {
    const rows = this.drafts.returned.map((draft, index) =>
      h(
        "li",
        { class: "returned" },
        h("p", { class: "returned__text", dir: "auto" }, draft.text),
        button(_("Edit again"), () => {
          const taken = this.drafts.take(index);
          if (taken) this.edit(taken);
        }),
        button(
          _("Discard"),
          () => {
            this.drafts.take(index);
            this.showReturned();
          },
          { look: "button--quiet" },
        ),
      ),
    );
    this.returned.replaceChildren(...rows);
    this.returned.hidden = rows.length === 0;
  }
}

/** The words of a question.ask command. */
export function draftOf(args: Record<string, unknown>): Draft {
  return { text: typeof args.text === "string" ? args.text : "", anonymous: args.anonymous === true };
}
