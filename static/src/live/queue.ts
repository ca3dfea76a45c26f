/** The moderator's queue: tabs with counts, a list that the keys move in, and what to do when a colleague was faster. */
import { h, icon } from "../dom";
import { _, ngettext } from "../i18n";
import { button, byId, isComposing, isTyping, KeyedList, setText } from "./dom";
import { joinable, type QueueSort, type QueueTab, queueCounts, queueList } from "./lists";
import type { PendingCommand } from "./outbox";
import { questionOf } from "./parse";
import type { Ack, Canned, Question } from "./protocol";
import { type Action, actionByCommand, actionByKey, actionWords, stateWords } from "./queue-actions";
import { type CardOwner, type CardRow, card } from "./queue-card";
import { commandWords, type FormName, type Step } from "./queue-more";
import { announce, errorWords, type Room } from "./room";
import { Tabs } from "./tabs";

const TABS: QueueTab[] = ["new", "approved", "answered", "declined"];
/** What changes a question; that somebody works on it changes nothing. */
const CHANGES = /^(question\.(?!hold$)|person\.)/;
/** The server forgets after 30 s who works on a question. */
const HOLD_MS = 20_000;
/** New counts are spoken at most this often. */
const SPEAK_MS = 10_000;

export class Queue implements CardOwner {
  private readonly list = byId("queue-list");
  private readonly conflicts = byId("queue-conflicts");
  private readonly sort = byId<HTMLSelectElement>("queue-sort");
  private readonly finder = byId<HTMLInputElement>("queue-find");
  private readonly freeze = byId<HTMLButtonElement>("queue-freeze");
  /** The list as it stood when it was frozen; null while it moves. */
  /** Questions that a form is open for here, and when that was last told. */
  private readonly held = new Map<string, number>();
  private frozen: string[] | null = null;
  private readonly tabs: Tabs;
  private readonly cards = new Map<string, CardRow>();
  private readonly keyed: KeyedList<Question>;
  private shown: Question[] = [];
  private current = 0;
  private spokenAt = 0;
  private spokenCount = 0;

  constructor(private readonly room: Room) {
    this.keyed = new KeyedList(
      this.list,
      (question) => question.id,
      (question) => {
        const row = card(question, this);
        this.cards.set(question.id, row);
        return row;
      },
    );
    this.tabs = new Tabs(byId("queue-tabs"), () => {
      this.current = 0;
      this.render();
    });
    this.sort.addEventListener("change", () => this.render());
    this.finder.addEventListener("input", () => this.render());
    this.freeze.addEventListener("click", () => this.toggleFreeze());
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("focusin", (event) => {
      const row = (event.target as Element).closest<HTMLElement>(".card-q");
      const index = this.shown.findIndex(({ id }) => id === row?.dataset.question);
      if (index >= 0) this.mark(index);
    });
    room.store.subscribe(() => this.render());
    room.on("tick", () => this.holdOn());
    room.on("pending", () => this.render());
    room.on("status", () => this.render());
    room.on("answered", ({ command, ack }) => this.answered(command, ack));
  }

  act(question: Question, action: Action, reason?: string): void {
    const newest = this.room.store.state.staff.get(question.id) ?? question;
    void this.room.connection.command(action.command, {
      question: question.id,
      revision: newest.revision,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  send(question: Question, command: string, args: Record<string, unknown> = {}): void {
    const newest = this.room.store.state.staff.get(question.id) ?? question;
    const seen = command.startsWith("person.") ? {} : { revision: newest.revision };
    void this.room.connection.command(command, { question: question.id, ...seen, ...args });
  }

  joinable(question: Question): Question[] {
    return joinable(this.room.store.state, question);
  }

  /** While a form is open here, the colleagues see who works on the question; said again before it is over. */
  hold(question: string, on: boolean): void {
    if (on === this.held.has(question)) return;
    if (on) this.held.set(question, this.room.now());
    else this.held.delete(question);
    void this.room.connection.command("question.hold", { question, on });
  }

  holders(question: string): string[] {
    const others = this.room.store.state.holds.get(question) ?? [];
    return others.filter(({ id }) => id !== this.me).map(({ name }) => name);
  }

  canned(kind: "reason" | "answer"): readonly Canned[] {
    return this.room.store.state.canned.filter((reply) => reply.kind === kind);
  }

  async history(question: string): Promise<Step[]> {
    const { slug } = this.room.data.session;
    const answer = await fetch(`/host/${slug}/questions/${question}/history`, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`history: ${answer.status}`);
    return ((await answer.json()) as { steps: Step[] }).steps;
  }

  keepWords(kind: "reason" | "answer", lang: string, text: string): void {
    void this.room.connection.command("canned.save", { kind, texts: { [lang]: text } });
  }

  forgetWords(reply: string): void {
    void this.room.connection.command("canned.remove", { reply });
  }

  get me(): string {
    return this.room.data.me.actor;
  }

  busy(question: string): boolean {
    return this.room.connection.outbox
      .list()
      .some(({ name, args }) => args.question === question && CHANGES.test(name));
  }

  lost(): boolean {
    return this.room.connection.current !== "online";
  }

  private render(): void {
    const { state } = this.room.store;
    if (!state.ready) return;
    const counts = queueCounts(state);
    for (const tab of TABS) setText(byId(`queue-count-${tab}`), String(counts[tab]));
    const badge = document.getElementById("side-queue-new");
    if (badge) setText(badge, counts.new > 0 ? String(counts.new) : "");
    const focused = this.list.contains(document.activeElement) && !isTyping(document.activeElement);
    const tab = this.tabs.current as QueueTab;
    this.shown = this.still(queueList(state, tab, this.sort.value as QueueSort, this.finder.value));
    this.keyed.show(this.shown);
    for (const id of [...this.cards.keys()]) {
      if (!this.keyed.element(id)) this.cards.delete(id);
    }
    const empty = byId("queue-empty");
    empty.hidden = this.shown.length > 0;
    if (this.shown.length === 0) setText(empty, emptyWords(tab));
    this.mark(Math.min(this.current, Math.max(0, this.shown.length - 1)));
    // The card in hand went to another tab: the next one takes its place.
    if (focused && !this.list.contains(document.activeElement)) this.focus(this.current);
    this.speak(counts.new);
  }

  /** Frozen, the list keeps its order and takes nothing new: what came since is counted on the button. */
  private still(list: Question[]): Question[] {
    const { frozen } = this;
    if (!frozen) return list;
    const fresh = list.filter(({ id }) => !frozen.includes(id)).length;
    const words = fresh === 0 ? _("Frozen") : ngettext("Frozen · {count} new", "Frozen · {count} new", fresh);
    setText(this.freeze.querySelector("span") ?? this.freeze, words);
    const known = new Map(list.map((question) => [question.id, question]));
    return frozen.map((id) => known.get(id)).filter((question) => question !== undefined);
  }

  private toggleFreeze(): void {
    this.frozen = this.frozen ? null : this.shown.map(({ id }) => id);
    this.freeze.setAttribute("aria-pressed", String(this.frozen !== null));
    setText(this.freeze.querySelector("span") ?? this.freeze, this.frozen ? _("Frozen") : _("Freeze"));
    this.render();
  }

  private holdOn(): void {
    const now = this.room.now();
    for (const [question, since] of this.held) {
      if (now - since < HOLD_MS) continue;
      this.held.set(question, now);
      void this.room.connection.command("question.hold", { question, on: true });
    }
  }

  private speak(count: number): void {
    const now = Date.now();
    if (count <= this.spokenCount) {
      this.spokenCount = count;
      return;
    }
    if (now - this.spokenAt < SPEAK_MS) return;
    this.spokenAt = now;
    this.spokenCount = count;
    announce(ngettext("{count} new question", "{count} new questions", count));
  }

  /** Keys act only while a card has the focus, never in the field for the reason. */
  private key(event: KeyboardEvent): void {
    if (isComposing(event) || isTyping(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[key];
    if (step !== undefined) {
      event.preventDefault();
      this.focus(Math.min(this.shown.length - 1, Math.max(0, this.current + step)));
      return;
    }
    if (key === "z" && !event.repeat) {
      event.preventDefault();
      this.toggleFreeze();
      return;
    }
    if (key === "/") {
      event.preventDefault();
      this.finder.focus();
      return;
    }
    const question = this.shown[this.current];
    if (question && !event.repeat && !this.busy(question.id) && this.moreKey(question, key)) {
      event.preventDefault();
      return;
    }
    const action = question && !event.repeat ? actionByKey(question, key) : null;
    if (!question || !action || this.busy(question.id)) return;
    event.preventDefault();
    if (action.name === "decline") this.cards.get(question.id)?.askReason(action);
    else this.act(question, action);
  }

  /** The keys of what stands under “More”. */
  private moreKey(question: Question, key: string): boolean {
    const card = this.cards.get(question.id);
    const forms: Record<string, FormName> = {
      e: "edit",
      w: "answer",
      l: "label",
      m: "merge",
      t: "translate",
    };
    const form = forms[key];
    if (form && card) card.openMore(form);
    else if (key === "p" && question.state === "approved")
      this.send(question, "question.next", { on: !question.next_position });
    else if (key === "o")
      this.send(question, "question.assign", { to: question.assigned?.id === this.me ? null : this.me });
    else if (key === "u" && question.state !== "pending") this.send(question, "question.back");
    else return false;
    return true;
  }

  private mark(index: number): void {
    this.current = index;
    for (const [position, { id }] of this.shown.entries()) {
      const row = this.keyed.element(id);
      if (!row) continue;
      row.tabIndex = position === index ? 0 : -1;
      row.classList.toggle("card-q--current", position === index);
    }
  }

  private focus(index: number): void {
    this.mark(index);
    const question = this.shown[index];
    const row = question && this.keyed.element(question.id);
    if (row) row.focus();
    else this.list.focus();
  }

  private answered(command: PendingCommand, ack: Ack): void {
    if (ack.ok || !CHANGES.test(command.name)) return;
    const action = actionByCommand(command.name);
    const words = action ? actionWords(action.name) : commandWords(command.name);
    const told = ack.error.code === "conflict" ? questionOf(ack.error.state) : null;
    if (told) this.conflict(command, words, told);
    else {
      const error = byId("queue-error");
      setText(error, errorWords(ack.error));
      error.hidden = false;
      setTimeout(() => {
        error.hidden = true;
      }, 8_000);
    }
  }

  /** Both versions side by side, and the choice between them. */
  private conflict(command: PendingCommand, words: string, told: Question): void {
    const id = String(command.args.question);
    const theirs: Question | undefined = told;
    const reason = typeof command.args.reason === "string" ? command.args.reason : "";
    const title = h("p", { class: "notice__title" }, _("A colleague changed this question."));
    const close = () => {
      notice.remove();
      this.focus(this.current);
    };
    const again = button(
      _("Apply mine again"),
      () => {
        const known = this.room.store.state.staff.get(id);
        const revision = Math.max(known?.revision ?? 0, theirs?.revision ?? 0);
        void this.room.connection.command(command.name, { ...command.args, revision });
        close();
      },
      { attributes: { "data-testid": "conflict-mine" } },
    );
    const notice = h(
      "div",
      { class: "notice notice--warning", role: "alert", "data-testid": "conflict" },
      icon("triangle-alert"),
      title,
      theirs ? h("p", { class: "card-q__text", dir: "auto" }, theirs.text) : null,
      version(_("Theirs"), theirs ? stateWords(theirs.state) : _("No longer here"), theirs?.reason ?? ""),
      version(_("Yours"), words, reason),
      h(
        "div",
        { class: "row" },
        button(_("Use theirs"), close, { attributes: { "data-testid": "conflict-theirs" } }),
        theirs ? again : null,
      ),
    );
    this.conflicts.append(notice);
  }
}

function version(whose: string, what: string, reason: string): HTMLElement {
  return h("p", {}, h("strong", {}, whose), ` ${what}`, reason ? ` · ${reason}` : null);
}

function emptyWords(tab: QueueTab): string {
  switch (tab) {
    case "new":
      return _("No new questions. They appear here as they are asked.");
    case "approved":
      return _("Nothing is approved yet.");
    case "answered":
      return _("Nothing was answered yet.");
    case "declined":
      return _("Nothing was declined.");
  }
}
