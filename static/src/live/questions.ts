/** The delegate's questions: what is being answered, one's own, everyone's, and what was answered. */
import { h, icon, reducedMotion } from "../dom";
import { _, ngettext } from "../i18n";
import type { AskBox } from "./ask";
import {
  button,
  byId,
  chip,
  KeyedList,
  keepPlace,
  markLanguage,
  type Row,
  setAttribute,
  setText,
} from "./dom";
import { askedBy } from "./format";
import {
  answeredQuestions,
  approvedQuestions,
  liveQuestion,
  type OwnQuestion,
  type OwnState,
  ownQuestions,
} from "./lists";
import type { Question } from "./protocol";
import { announce, errorWords, type Room } from "./room";

export class Questions {
  private readonly scroller = byId("questions-scroll");
  private readonly now = byId("now");
  private readonly nowText = byId("now-text");
  private readonly nowMeta = byId("now-meta");
  private readonly jump = byId<HTMLButtonElement>("questions-new");
  private readonly approved: KeyedList<Question>;
  private readonly answered: KeyedList<Question>;
  private readonly own: KeyedList<OwnQuestion>;
  private readonly unseen = new Set<string>();
  private first = true;
  private ownStates = new Map<string, OwnState>();

  constructor(
    private readonly room: Room,
    ask: AskBox,
  ) {
    this.approved = this.publicList("questions-approved");
    this.answered = this.publicList("questions-answered");
    this.own = new KeyedList(
      byId("questions-mine"),
      (item) => item.id,
      (item) => ownRow(item, room),
    );
    room.store.subscribe(() => this.render());
    room.on("pending", () => this.render());
    room.on("status", () => this.render());
    this.jump.addEventListener("click", () => this.showNew());
    this.scroller.addEventListener("scroll", () => this.forgetSeen(), { passive: true });
    byId("questions-ask").addEventListener("click", () => ask.focus());
    this.nowText.addEventListener("click", () => this.now.classList.toggle("now--whole"));
  }

  private publicList(id: string): KeyedList<Question> {
    return new KeyedList(
      byId(id),
      (question) => question.id,
      (question) => publicRow(question, this.room),
    );
  }

  private render(): void {
    const { state } = this.room.store;
    if (!state.ready) return;
    const live = liveQuestion(state);
    const approved = approvedQuestions(state);
    const answered = answeredQuestions(state);
    const own = ownQuestions(state, this.room.connection.outbox.list());
    keepPlace(this.scroller, ".question", () => {
      this.own.show(own);
      byId("mine").hidden = own.length === 0;
      const added = [...this.approved.show(approved), ...this.answered.show(answered)];
      byId("answered").hidden = answered.length === 0;
      byId("questions-empty").hidden = approved.length + answered.length + own.length > 0 || live !== null;
      if (!this.first) for (const id of added) this.unseen.add(id);
      this.showLive(live);
    });
    this.announceOwn(own);
    this.forgetSeen();
    this.first = false;
    byId("questions-loading").hidden = true;
  }

  private showLive(live: Question | null): void {
    const before = this.now.dataset.question ?? "";
    this.now.hidden = live === null;
    this.now.dataset.question = live?.id ?? "";
    if (!live) return;
    const own = translation(live);
    setText(this.nowText, own ?? live.text);
    markLanguage(this.nowText, own ? pageLanguage() : live.lang);
    setText(this.nowMeta, askedBy(live));
    if (before !== live.id) {
      this.now.classList.remove("now--whole");
      if (!this.first) announce(_("Now being answered: {question}", { question: live.text }));
    }
  }

  /** Says what happened to one's own questions: the only ones that a person waits for. */
  private announceOwn(own: OwnQuestion[]): void {
    const before = this.ownStates;
    this.ownStates = new Map(own.map(({ id, state }) => [id, state]));
    if (this.first) return;
    for (const { id, state, text } of own) {
      const old = before.get(id);
      if (old === undefined || old === state) continue;
      if (state === "approved")
        announce(_("Your question is in everyone's list: {question}", { question: text }));
      if (state === "answered") announce(_("Your question was answered: {question}", { question: text }));
      if (state === "declined") announce(_("Your question was declined: {question}", { question: text }));
      if (state === "merged")
        announce(_("Your question was joined with another one: {question}", { question: text }));
    }
  }

  private visible(id: string): boolean {
    const element = this.approved.element(id) ?? this.answered.element(id);
    if (!element) return true;
    const box = element.getBoundingClientRect();
    const frame = this.scroller.getBoundingClientRect();
    return box.top < frame.bottom - 24 && box.bottom > frame.top;
  }

  private forgetSeen(): void {
    // In a hidden tab or panel nothing has a size: what is new stays new until it can be seen.
    if (this.scroller.clientHeight > 0) {
      for (const id of this.unseen) if (this.visible(id)) this.unseen.delete(id);
    }
    const count = this.unseen.size;
    this.jump.hidden = count === 0;
    const words = ngettext("{count} new", "{count} new", count);
    setText(this.jump, words);
    const badge = document.getElementById("tab-questions-new");
    if (badge) setText(badge, count === 0 ? "" : String(count));
  }

  private showNew(): void {
    const [id] = this.unseen;
    const element = id ? (this.approved.element(id) ?? this.answered.element(id)) : undefined;
    this.unseen.clear();
    element?.scrollIntoView({ block: "center", behavior: reducedMotion() ? "auto" : "smooth" });
    this.forgetSeen();
  }
}

function publicRow(first: Question, room: Room): Row<Question> {
  const text = h("p", { class: "question__text", dir: "auto" });
  const meta = h("p", { class: "question__meta" });
  const answer = h("p", { class: "question__answer", dir: "auto", "data-testid": "answer" });
  const other = h("button", {
    type: "button",
    class: "button button--quiet question__other",
    "data-testid": "other-words",
  });
  let original = false;
  const count = h("span", { class: "vote__count" });
  const vote = h(
    "button",
    { type: "button", class: "vote", "data-testid": "vote" },
    icon("chevron-up"),
    count,
  );
  const plain = h("span", { class: "vote vote--plain", "data-testid": "votes" }, icon("chevron-up"));
  const plainCount = h("span", { class: "vote__count" });
  plain.append(plainCount);
  const element = h(
    "li",
    { class: "question", "data-testid": "question", "data-question": first.id },
    h("div", { class: "question__words" }, text, meta, other, answer),
    vote,
    plain,
  );
  let question = first;
  vote.addEventListener("click", () => void toggleVote(room, question));
  const update = (next: Question) => {
    question = next;
    const voted = wanted(room, next.id);
    const shown = next.votes + (voted === room.store.state.votes.has(next.id) ? 0 : voted ? 1 : -1);
    const words = ngettext(
      "Vote for this question: {count} vote",
      "Vote for this question: {count} votes",
      shown,
    );
    const own = translation(next);
    setText(text, own && !original ? own : next.text);
    markLanguage(text, own && !original ? pageLanguage() : next.lang);
    other.hidden = own === null;
    setText(other, original ? _("Show the translation") : _("Show the original"));
    const marks = [
      next.pinned ? _("Pinned") : "",
      askedBy(next),
      next.edited ? _("edited by the hosts") : "",
      own && !original ? _("translated by the hosts") : "",
    ];
    setText(meta, marks.filter(Boolean).join(" · "));
    setText(answer, next.answer ? _("Answer: {answer}", { answer: next.answer }) : "");
    answer.hidden = !next.answer;
    element.dataset.state = next.state;
    setText(count, String(shown));
    setText(plainCount, String(shown));
    setAttribute(plain, "title", ngettext("{count} vote", "{count} votes", shown));
    setAttribute(vote, "aria-pressed", String(voted));
    setAttribute(vote, "aria-label", words);
    const may =
      next.state === "approved" &&
      room.store.state.room.state === "open" &&
      !room.store.state.mine.has(next.id);
    vote.hidden = !may;
    plain.hidden = may;
  };
  other.addEventListener("click", () => {
    original = !original;
    update(question);
  });
  return { element, update };
}

function pageLanguage(): string {
  return document.documentElement.lang || "en";
}

/** The hosts' translation into the page's language; null where there is none or none is needed. */
function translation(question: Question): string | null {
  return question.translations?.[pageLanguage()] ?? null;
}

/** What the person wants: the last vote that is still on its way, else what the server knows. */
function wanted(room: Room, question: string): boolean {
  const pending = room.connection.outbox
    .list()
    .filter(({ name, args }) => /^question\.(un)?vote$/.test(name) && args.question === question);
  const last = pending[pending.length - 1];
  return last ? last.name === "question.vote" : room.store.state.votes.has(question);
}

async function toggleVote(room: Room, question: Question): Promise<void> {
  const on = !wanted(room, question.id);
  const ack = await room.connection.command(on ? "question.vote" : "question.unvote", {
    question: question.id,
  });
  if (!ack.ok) {
    announce(errorWords(ack.error));
    return;
  }
  const votes = ack.result?.votes;
  room.store.vote(question.id, on, typeof votes === "number" ? votes : undefined);
}

function ownRow(first: OwnQuestion, room: Room): Row<OwnQuestion> {
  const text = h("p", { class: "question__text", dir: "auto" });
  const state = h("p", { class: "question__state", "data-testid": "own-state" });
  const reason = h("p", { class: "question__reason", dir: "auto" });
  const shownAs = h("p", { class: "question__meta", dir: "auto" });
  const answer = h("p", { class: "question__answer", dir: "auto", "data-testid": "own-answer" });
  let question = first;
  const withdraw = button(
    _("Withdraw"),
    () =>
      void room.connection.command("question.withdraw", {
        question: question.id,
        revision: question.revision,
      }),
    { look: "button--quiet", attributes: { "data-testid": "withdraw" } },
  );
  const element = h(
    "li",
    { class: "question question--mine", "data-testid": "own-question", "data-question": first.id },
    h("div", { class: "question__words" }, text, shownAs, state, reason, answer),
    withdraw,
  );
  let shown = "";
  return {
    element,
    update(next) {
      question = next;
      setText(text, next.text);
      element.dataset.state = next.state;
      const lost = next.state === "sending" && room.connection.current !== "online";
      const look = `${next.state} ${lost}`;
      if (look !== shown) state.replaceChildren(ownState(next.state, lost));
      shown = look;
      setText(reason, next.reason ? _("Reason: {reason}", { reason: next.reason }) : "");
      reason.hidden = !next.reason || next.state !== "declined";
      const joined = next.state === "merged" ? next.joined : null;
      const others = joined?.text ?? next.shown;
      setText(shownAs, others ? _("Everyone sees: {text}", { text: others }) : "");
      shownAs.hidden = !others;
      const words = joined?.answer ?? next.answer;
      setText(answer, words ? _("Answer: {answer}", { answer: words }) : "");
      answer.hidden = !words;
      withdraw.hidden = next.state !== "pending";
    },
  };
}

function ownState(state: OwnState, lost: boolean): HTMLElement {
  switch (state) {
    case "sending":
      return chip(lost ? _("Kept. It goes when the line is back.") : _("Sending"), "loader-circle");
    case "pending":
      return chip(_("Waiting for the host. Only you and the hosts see it."), "hourglass");
    case "approved":
      return chip(_("In everyone's list"), "check", "chip--info");
    case "live":
      return chip(_("Being answered now"), "mic", "chip--live");
    case "answered":
      return chip(_("Answered"), "circle-check", "chip--done");
    case "declined":
      return chip(_("Declined"), "circle-x", "chip--warning");
    case "merged":
      return chip(_("Joined with another question"), "merge", "chip--info");
    default:
      return chip(_("Withdrawn"), "x");
  }
}
