/** Messages: a list that keeps its place, and a box in which nothing typed is lost. */
import { h } from "../../dom";
import { _ } from "../../i18n";
import { button, byId, isComposing, KeyedList, keepPlace, markLanguage, setText } from "../dom";
import { Drafts } from "../drafts";
import { clockTime, countryName } from "../format";
import { announce, errorWords, type Room } from "../room";
import type { Message } from "../state-audience";

const MAX_LENGTH = 500;

export interface ChatElements {
  /** Ids of the elements: `<name>-list`, `<name>-scroll`, `<name>-form`, `<name>-text`, `<name>-error`, `<name>-note`. */
  name: string;
  circle: "public" | "crew";
  /** Shows how many messages came while nobody looked. */
  badge: HTMLElement | null;
  /** Whether the list is in sight. */
  visible(): boolean;
}

export class Chat {
  private readonly list: KeyedList<Message>;
  private readonly scroller: HTMLElement;
  private readonly form: HTMLFormElement;
  private readonly text: HTMLTextAreaElement;
  private readonly error: HTMLElement;
  private readonly note: HTMLElement;
  private readonly drafts: Drafts;
  private unread = 0;
  private first = true;

  constructor(
    private readonly room: Room,
    private readonly elements: ChatElements,
  ) {
    const { name } = elements;
    this.scroller = byId(`${name}-scroll`);
    this.form = byId<HTMLFormElement>(`${name}-form`);
    this.text = byId<HTMLTextAreaElement>(`${name}-text`);
    this.error = byId(`${name}-error`);
    this.note = byId(`${name}-note`);
    this.drafts = new Drafts(sessionStorage, room.key(`draft-${name}`));
    if (this.text.value === "") this.text.value = this.drafts.current.text;
    this.list = new KeyedList(
      byId(`${name}-list`),
      ({ id }) => id,
      (message) => this.row(message),
    );
    this.text.addEventListener("input", () => this.keep());
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      void this.send();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    room.store.subscribe(() => this.show());
    room.on("answered", ({ command, ack }) => {
      if (command.name !== "chat.say" || command.args.circle !== elements.circle || ack.ok) return;
      this.refused(String(command.args.text ?? ""), errorWords(ack.error));
    });
  }

  /** Somebody looks now. */
  seen(): void {
    this.unread = 0;
    if (this.elements.badge) setText(this.elements.badge, "");
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private get messages(): Message[] {
    const { audience } = this.room.store.state;
    return [...(this.elements.circle === "public" ? audience.chat : audience.crewChat).values()];
  }

  private show(): void {
    const { ready, rules, room } = this.room.store.state;
    if (!ready) return;
    const atEnd = this.scroller.scrollTop + this.scroller.clientHeight >= this.scroller.scrollHeight - 40;
    let added: string[] = [];
    keepPlace(this.scroller, ".message", () => {
      added = this.list.show(this.messages);
    });
    if (atEnd && added.length > 0) this.scroller.scrollTop = this.scroller.scrollHeight;
    const others = added.filter((id) => !this.room.store.state.audience.own.has(id)).length;
    if (!this.first && others > 0 && !this.elements.visible()) {
      this.unread += others;
      if (this.elements.badge) setText(this.elements.badge, String(this.unread));
    }
    this.first = false;
    const crew = this.room.data.role === "host";
    const closed = this.elements.circle === "public" && !crew && rules?.chat !== "on";
    const over = this.elements.circle === "public" && room.state === "ended";
    this.form.hidden = closed || over;
    setText(this.note, this.noteWords(closed, over));
    this.note.hidden = this.note.textContent === "";
  }

  private noteWords(closed: boolean, over: boolean): string {
    if (over) return _("The tour has ended.");
    if (closed) return _("Only the hosts write here for now.");
    if (this.elements.circle === "crew") return _("Only the crew reads this.");
    const { rules } = this.room.store.state;
    return rules?.chat === "off" ? _("The chat is switched off. Delegates don't see it.") : "";
  }

  private row(message: Message) {
    const text = h("p", { class: "message__text", dir: "auto" }, message.text);
    markLanguage(text, message.lang);
    const who = [
      message.crew ? _("{name}, crew", { name: message.author ?? "" }) : (message.author ?? _("Erased")),
    ];
    if (message.country) who.push(countryName(message.country));
    who.push(clockTime(message.at));
    const own = () => this.room.store.state.audience.own.has(message.id);
    const mayRemove = this.room.data.role === "host";
    const remove = button(_("Remove"), () => void this.remove(message.id), {
      icon: "trash-2",
      look: "button--quiet message__remove",
      attributes: { "aria-label": _("Remove the message of {name}", { name: message.author ?? "" }) },
    });
    const element = h(
      "li",
      { class: "message", "data-testid": "message" },
      h("p", { class: "message__meta muted small" }, who.join(" · ")),
      text,
      remove,
    );
    return {
      element,
      update: () => {
        remove.hidden = !mayRemove && !own();
        element.classList.toggle("message--own", own());
      },
    };
  }

  private async send(): Promise<void> {
    const text = this.text.value.trim();
    if (text === "") return;
    if (text.length > MAX_LENGTH) {
      this.say(_("A message has room for {count} characters.", { count: MAX_LENGTH }));
      return;
    }
    this.text.value = "";
    this.keep();
    // From here the words live in the outbox until the server has them.
    const ack = await this.room.connection.command("chat.say", { text, circle: this.elements.circle });
    if (!ack.ok) return;
    const id = ack.result?.message;
    if (typeof id === "string") this.room.store.ownMessage(id);
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private refused(text: string, words: string): void {
    // What was typed meanwhile stays; the refused words come before it.
    this.text.value = this.text.value.trim() === "" ? text : `${text}\n${this.text.value}`;
    this.keep();
    this.say(words);
    announce(words);
  }

  private async remove(message: string): Promise<void> {
    const ack = await this.room.connection.command("chat.remove", { message });
    if (!ack.ok) this.say(errorWords(ack.error));
  }

  private keep(): void {
    this.drafts.write({ text: this.text.value, anonymous: false });
    this.say("");
  }

  private say(words: string): void {
    setText(this.error, words);
    this.error.hidden = words === "";
  }
}
