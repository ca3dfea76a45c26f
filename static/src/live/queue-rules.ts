/** The room's rules about questions: three ticks that hold for everybody at once. */
import { byId, setText } from "./dom";
import type { HouseRules } from "./protocol";
import { errorWords, type Room } from "./room";

/** “Slow” is one question a minute. */
const SLOW_SECONDS = 60;

type Change = Partial<Pick<HouseRules, "premoderated" | "questions_locked" | "question_slow_seconds">>;

export class QueueRules {
  private readonly premoderated = byId<HTMLInputElement>("rule-premoderated");
  private readonly locked = byId<HTMLInputElement>("rule-locked");
  private readonly slow = byId<HTMLInputElement>("rule-slow");
  private readonly error = byId("rules-error");

  constructor(private readonly room: Room) {
    this.bind(this.premoderated, (on) => ({ premoderated: on }));
    this.bind(this.locked, (on) => ({ questions_locked: on }));
    this.bind(this.slow, (on) => ({ question_slow_seconds: on ? SLOW_SECONDS : 0 }));
    room.store.subscribe(() => this.show());
  }

  private bind(field: HTMLInputElement, change: (on: boolean) => Change): void {
    field.addEventListener("change", () => void this.change(change(field.checked)));
  }

  private async change(values: Change): Promise<void> {
    const rules = this.room.store.state.rules;
    if (!rules) return;
    const ack = await this.room.connection.command("room.rules", { revision: rules.revision, ...values });
    setText(this.error, ack.ok ? "" : errorWords(ack.error));
    this.error.hidden = ack.ok;
    this.show();
  }

  private show(): void {
    const { rules } = this.room.store.state;
    for (const field of [this.premoderated, this.locked, this.slow]) field.disabled = rules === null;
    if (!rules) return;
    this.premoderated.checked = rules.premoderated;
    this.locked.checked = rules.questions_locked;
    this.slow.checked = rules.question_slow_seconds > 0;
  }
}
