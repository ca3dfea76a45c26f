/** Which questions stand where: pure choices from the room's state. */
import type { PendingCommand } from "./outbox";
import type { Question, QuestionStatus } from "./protocol";
import type { RoomState } from "./state";

/** The question being answered now, if any. */
export function liveQuestion(state: RoomState): Question | null {
  for (const question of state.questions.values()) if (question.state === "live") return question;
  return null;
}

/** What waits for an answer, in the order of approval; everyone sees the same order. */
export function approvedQuestions(state: RoomState): Question[] {
  return inOrder([...state.questions.values()].filter(({ state: s }) => s === "approved"));
}

/** What the speaker sees: the question being answered, and the three that the crew put next, or the first ones. */
export function speakersQuestions(state: RoomState): { current: Question | null; upcoming: Question[] } {
  const all = [...state.staff.values()];
  const current = all.find((question) => question.state === "live") ?? null;
  const chosen = all
    .filter((question) => question.state === "approved" && typeof question.next_position === "number")
    .sort((a, b) => (a.next_position ?? 0) - (b.next_position ?? 0));
  const waiting = inOrder(all.filter((question) => question.state === "approved"));
  return { current, upcoming: (chosen.length > 0 ? chosen : waiting).slice(0, 3) };
}

/** What was answered, in the order of approval. */
export function answeredQuestions(state: RoomState): Question[] {
  return inOrder([...state.questions.values()].filter(({ state: s }) => s === "answered"));
}

function inOrder(list: Question[]): Question[] {
  const pinned = (question: Question) => (question.pinned && question.state === "approved" ? 0 : 1);
  return list.sort(
    (a, b) => pinned(a) - pinned(b) || a.order - b.order || a.asked_at - b.asked_at || (a.id < b.id ? -1 : 1),
  );
}

export type OwnState = QuestionStatus | "sending";

export interface OwnQuestion {
  id: string;
  text: string;
  state: OwnState;
  reason: string | null;
  revision: number;
  lang: string;
  answer: string | null;
  /** The words in which the hosts show it, when they are others. */
  shown: string | null;
  /** The question that it was joined with, as everyone sees it. */
  joined: Question | null;
}

/** The person's questions, newest last, with those still on their way at the end. */
export function ownQuestions(state: RoomState, pending: readonly PendingCommand[]): OwnQuestion[] {
  const own: OwnQuestion[] = [...state.mine.values()]
    .sort((a, b) => a.asked_at - b.asked_at || (a.id < b.id ? -1 : 1))
    .map((mine) => {
      // Everyone's list may know more: it also learns of what happens to a question after its approval.
      const known = state.questions.get(mine.id);
      const newer = known && known.revision >= mine.revision ? known : mine;
      return {
        id: mine.id,
        text: mine.original ?? mine.text,
        state: newer.state,
        reason: mine.reason ?? null,
        revision: newer.revision,
        lang: mine.lang,
        answer: newer.answer ?? mine.answer ?? null,
        shown: newer.edited ? newer.text : null,
        joined: (mine.merged_into && state.questions.get(mine.merged_into)) || null,
      };
    });
  const withdrawing = new Set(
    pending.filter(({ name }) => name === "question.withdraw").map(({ args }) => String(args.question)),
  );
  const sending = pending
    .filter(({ name }) => name === "question.ask")
    .map(({ id, args }) => ({
      id,
      text: String(args.text ?? ""),
      state: "sending" as const,
      reason: null,
      revision: 0,
      lang: "",
      answer: null,
      shown: null,
      joined: null,
    }));
  return [...own.filter(({ id }) => !withdrawing.has(id)), ...sending];
}

export type QueueTab = "new" | "approved" | "answered" | "declined";
export type QueueSort = "order" | "votes" | "newest" | "priority";

/** The tab of the moderator's queue that a question stands in. */
export function queueTab(question: Question): QueueTab | null {
  switch (question.state) {
    case "pending":
      return "new";
    case "approved":
    case "live":
      return "approved";
    case "answered":
      return "answered";
    case "declined":
      return "declined";
    default:
      return null;
  }
}

/** A tab of the queue: new ones as they came, approved ones with the live one first, in order or by votes. */
export function queueList(state: RoomState, tab: QueueTab, sort: QueueSort, find = ""): Question[] {
  const wanted = normalised(find);
  const list = [...state.staff.values()].filter(
    (question) => queueTab(question) === tab && (wanted === "" || searchable(question).includes(wanted)),
  );
  return list.sort((a, b) => {
    if (tab === "approved" && a.state !== b.state) return a.state === "live" ? -1 : 1;
    const first = { votes: b.votes - a.votes, newest: b.asked_at - a.asked_at, order: 0 };
    const by = sort === "priority" ? (b.priority ?? 0) - (a.priority ?? 0) : first[sort];
    const byOrder = tab === "new" ? 0 : a.order - b.order;
    return by || byOrder || a.asked_at - b.asked_at || (a.id < b.id ? -1 : 1);
  });
}

/** Without accents and capitals, whatever the script: as the server finds, too. */
export function normalised(text: string): string {
  const plain = text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "");
  return plain.normalize("NFKC").toLowerCase().split(/\s+/u).join(" ").trim();
}

function searchable(question: Question): string {
  const words = [question.text, question.original, question.author, ...(question.labels ?? [])];
  return words.map((part) => normalised(part ?? "")).join("\n");
}

/** The questions that another one can be joined with: those that ask something and are still there. */
export function joinable(state: RoomState, question: Question): Question[] {
  const fit = new Set<QuestionStatus>(["pending", "approved", "live", "answered"]);
  const others = [...state.staff.values()].filter(({ id, state: s }) => id !== question.id && fit.has(s));
  const own = new Set(normalised(question.text).split(" "));
  const alike = (other: Question) =>
    normalised(other.text)
      .split(" ")
      .filter((word) => word.length > 2 && own.has(word)).length;
  return others.sort((a, b) => alike(b) - alike(a) || b.votes - a.votes || a.asked_at - b.asked_at);
}

export function queueCounts(state: RoomState): Record<QueueTab, number> {
  const counts: Record<QueueTab, number> = { new: 0, approved: 0, answered: 0, declined: 0 };
  for (const question of state.staff.values()) {
    const tab = queueTab(question);
    if (tab) counts[tab] += 1;
  }
  return counts;
}
