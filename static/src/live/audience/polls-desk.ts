/** The crew's polls: written beforehand or on the spot, shown, closed. */
import { h } from "../../dom";
import { _ } from "../../i18n";
import { button, byId, chip, KeyedList, setText } from "../dom";
import { errorWords, type Room } from "../room";
import type { Poll } from "../state-audience";
import { showResults } from "./results";

interface Draft {
  poll: string | null;
  revision: number | null;
  kind: string;
  text: string;
  options: string;
  live: boolean;
}

const NEW: Draft = { poll: null, revision: null, kind: "single", text: "", options: "", live: false };

export class PollsDesk {
  private readonly form = byId<HTMLFormElement>("poll-form");
  private readonly kind = byId<HTMLSelectElement>("poll-form-kind");
  private readonly text = byId<HTMLInputElement>("poll-form-text");
  private readonly options = byId<HTMLTextAreaElement>("poll-form-options");
  private readonly live = byId<HTMLInputElement>("poll-form-live");
  private readonly error = byId("poll-form-error");
  private readonly list: KeyedList<Poll>;
  private readonly key: string;
  private poll: string | null = null;
  private revision: number | null = null;

  constructor(private readonly room: Room) {
    this.key = room.key("draft-poll");
    this.fill(this.kept());
    this.list = new KeyedList(
      byId("polls-list"),
      ({ id }) => id,
      (poll) => this.row(poll),
    );
    this.form.addEventListener("input", () => this.keep());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save();
    });
    byId("poll-form-clear").addEventListener("click", () => this.clear());
    room.store.subscribe(() => this.show());
  }

  private show(): void {
    const polls = [...this.room.store.state.audience.desk.values()];
    const rank = (poll: Poll) => ["open", "draft", "closed"].indexOf(poll.state);
    this.list.show(polls.sort((a, b) => rank(a) - rank(b) || (b.opened_at ?? 0) - (a.opened_at ?? 0)));
    byId("polls-empty").hidden = polls.length > 0;
  }

  private row(first: Poll) {
    let poll = first;
    const text = h("p", { class: "card-q__text", dir: "auto" });
    const state = h("p", { class: "card-q__marks" });
    const result = h("div", {});
    const act = (words: string, sign: string, command: string, look = "") =>
      button(words, () => void this.run(command, { poll: poll.id, revision: poll.revision }), {
        icon: sign,
        look,
      });
    const show = act(_("Ask everyone"), "play", "poll.open");
    const close = act(_("Close the poll"), "square", "poll.close");
    const change = button(_("Change"), () => this.change(poll), { icon: "pencil", look: "button--quiet" });
    const remove = act(_("Remove"), "trash-2", "poll.remove", "button--quiet");
    const element = h(
      "li",
      { class: "card-q", "data-testid": "poll-card" },
      text,
      state,
      result,
      h("div", { class: "card-q__actions" }, show, close, change, remove),
    );
    return {
      element,
      update: (next: Poll) => {
        poll = next;
        setText(text, poll.text);
        state.replaceChildren(stateChip(poll));
        if (poll.state === "draft")
          result.replaceChildren(h("p", { class: "muted", dir: "auto" }, optionWords(poll)));
        else showResults(result, poll);
        const open = this.room.store.state.room.state === "open";
        show.hidden = poll.state === "open";
        show.disabled = !open;
        close.hidden = poll.state !== "open";
        change.hidden = poll.state !== "draft";
        remove.hidden = poll.state === "open" || (poll.answers ?? 0) > 0;
      },
    };
  }

  private async save(): Promise<void> {
    const rating = this.kind.value === "rating";
    const options = this.options.value.split("\n").map((line) => line.trim());
    const args = {
      poll: this.poll,
      revision: this.revision,
      kind: this.kind.value,
      text: this.text.value.trim(),
      options: rating ? [] : options.filter((line) => line !== ""),
      results: this.live.checked ? "live" : "closed",
    };
    if (await this.run("poll.save", args)) this.clear();
  }

  private async run(command: string, args: Record<string, unknown>): Promise<boolean> {
    const ack = await this.room.connection.command(command, args);
    setText(this.error, ack.ok ? "" : errorWords(ack.error));
    this.error.hidden = ack.ok;
    return ack.ok;
  }

  private change(poll: Poll): void {
    const options = poll.kind === "rating" ? "" : optionWords(poll, "\n");
    const { id, kind, revision, text } = poll;
    this.fill({ poll: id, revision, kind, text, options, live: poll.results === "live" });
    this.keep();
    this.text.focus();
  }

  private clear(): void {
    this.fill(NEW);
    this.keep();
  }

  private fill(draft: Draft): void {
    this.poll = draft.poll;
    this.revision = draft.revision;
    this.kind.value = draft.kind;
    this.text.value = draft.text;
    this.options.value = draft.options;
    this.live.checked = draft.live;
    this.fit();
  }

  private fit(): void {
    byId("poll-form-answers").hidden = this.kind.value === "rating";
    setText(
      byId("poll-form-save").querySelector("span") as HTMLElement,
      this.poll ? _("Save the change") : _("Keep the poll"),
    );
  }

  private keep(): void {
    this.fit();
    const draft: Draft = {
      poll: this.poll,
      revision: this.revision,
      kind: this.kind.value,
      text: this.text.value,
      options: this.options.value,
      live: this.live.checked,
    };
    sessionStorage.setItem(this.key, JSON.stringify(draft));
  }

  private kept(): Draft {
    try {
      return { ...NEW, ...(JSON.parse(sessionStorage.getItem(this.key) ?? "{}") as Partial<Draft>) };
    } catch {
      return NEW;
    }
  }
}

function optionWords(poll: Poll, between = " · "): string {
  return poll.options.map(({ text }) => text).join(between);
}

function stateChip(poll: Poll): HTMLElement {
  if (poll.state === "open") return chip(_("Everyone is asked now"), "radio", "chip--live");
  if (poll.state === "closed") return chip(_("Closed"), "circle-check", "chip--done");
  return chip(_("Only the crew sees it"), "eye-off");
}
