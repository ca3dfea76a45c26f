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

/** What was answered, in the order of approval. */
export function answeredQuestions(state: RoomState): Question[] {
  return inOrder([...state.questions.values()].filter(({ state: s }) => s === "answered"));
}

function inOrder(list: Question[]): Question[] {
  return list.sort((a, b) => a.order - b.order || a.asked_at - b.asked_at || (a.id < b.id ? -1 : 1));
}

export type OwnState = QuestionStatus | "sending";

export interface OwnQuestion {
  id: string;
  text: string;
  state: OwnState;
  reason: string | null;
  revision: number;
  lang: string;
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
        text: mine.text,
        state: newer.state,
        reason: mine.reason ?? null,
        revision: newer.revision,
        lang: mine.lang,
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
    }));
  return [...own.filter(({ id }) => !withdrawing.has(id)), ...sending];
}

export type QueueTab = "new" | "approved" | "answered" | "declined";
export type QueueSort = "order" | "votes";

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
export function queueList(state: RoomState, tab: QueueTab, sort: QueueSort): Question[] {
  const list = [...state.staff.values()].filter((question) => queueTab(question) === tab);
  return list.sort((a, b) => {
    if (tab === "approved" && a.state !== b.state) return a.state === "live" ? -1 : 1;
    const byVotes = sort === "votes" ? b.votes - a.votes : 0;
    const byOrder = tab === "new" ? 0 : a.order - b.order;
    return byVotes || byOrder || a.asked_at - b.asked_at || (a.id < b.id ? -1 : 1);
  });
}

export function queueCounts(state: RoomState): Record<QueueTab, number> {
  const counts: Record<QueueTab, number> = { new: 0, approved: 0, answered: 0, declined: 0 };
  for (const question of state.staff.values()) {
    const tab = queueTab(question);
    if (tab) counts[tab] += 1;
  }
  return counts;
}
