/** The room's rules: ticks that hold for everybody at once. */
import { byId, setText } from "./dom";
import type { HouseRules } from "./protocol";
import { errorWords, type Room } from "./room";

/** “Slow” is one question a minute. */
const SLOW_SECONDS = 60;

/** In the chat it is one message in ten seconds. */
const CHAT_SLOW_SECONDS = 10;

type Change = Partial<Omit<HouseRules, "revision">>;

export class QueueRules {
  private readonly premoderated = byId<HTMLInputElement>("rule-premoderated");
  private readonly locked = byId<HTMLInputElement>("rule-locked");
  private readonly slow = byId<HTMLInputElement>("rule-slow");
  private readonly chat = byId<HTMLSelectElement>("rule-chat");
  private readonly chatSlow = byId<HTMLInputElement>("rule-chat-slow");
  private readonly reactions = byId<HTMLInputElement>("rule-reactions");
  private readonly errors = [byId("rules-error"), byId("chat-rules-error")];

  constructor(private readonly room: Room) {
    this.bind(this.premoderated, (on) => ({ premoderated: on }));
    this.bind(this.locked, (on) => ({ questions_locked: on }));
    this.bind(this.slow, (on) => ({ question_slow_seconds: on ? SLOW_SECONDS : 0 }));
    this.bind(this.chatSlow, (on) => ({ chat_slow_seconds: on ? CHAT_SLOW_SECONDS : 0 }));
    this.bind(this.reactions, (on) => ({ reactions_on: on }));
    this.chat.addEventListener("change", () => void this.change({ chat: this.chat.value }));
    room.store.subscribe(() => this.show());
  }

  private bind(field: HTMLInputElement, change: (on: boolean) => Change): void {
    field.addEventListener("change", () => void this.change(change(field.checked)));
  }

  private async change(values: Change): Promise<void> {
    const rules = this.room.store.state.rules;
    if (!rules) return;
    const ack = await this.room.connection.command("room.rules", { revision: rules.revision, ...values });
    for (const error of this.errors) {
      setText(error, ack.ok ? "" : errorWords(ack.error));
      error.hidden = ack.ok;
    }
    this.show();
  }

  private show(): void {
    const { rules } = this.room.store.state;
    const fields = [this.premoderated, this.locked, this.slow, this.chat, this.chatSlow, this.reactions];
    for (const field of fields) field.disabled = rules === null;
    if (!rules) return;
    this.premoderated.checked = rules.premoderated;
    this.locked.checked = rules.questions_locked;
    this.slow.checked = rules.question_slow_seconds > 0;
    this.chat.value = rules.chat;
    this.chatSlow.checked = rules.chat_slow_seconds > 0;
    this.reactions.checked = rules.reactions_on;
  }
}
