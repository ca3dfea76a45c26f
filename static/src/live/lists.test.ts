import { describe, expect, test } from "vitest";
import {
  answeredQuestions,
  approvedQuestions,
  liveQuestion,
  ownQuestions,
  queueCounts,
  queueList,
} from "./lists";
import type { Question, QuestionStatus } from "./protocol";
import { actionByKey, actionsFor } from "./queue-actions";
import { EMPTY, type RoomState } from "./state";

const question = (id: string, state: QuestionStatus, more: Partial<Question> = {}): Question => ({
  id,
  text: id,
  state,
  revision: 1,
  asked_at: 0,
  votes: 0,
  author: null,
  country: null,
  lang: "en",
  order: 0,
  ...more,
});
const map = (...list: Question[]) => new Map(list.map((q) => [q.id, q]));
const ids = (list: { id: string }[]) => list.map(({ id }) => id).join();
const room = (more: Partial<RoomState>): RoomState => ({ ...EMPTY, ...more });

describe("everyone's list", () => {
  const state = room({
    questions: map(
      question("late", "approved", { order: 9, votes: 50 }),
      question("early", "approved", { order: 2 }),
      question("now", "live", { order: 5 }),
      question("done", "answered", { order: 1 }),
    ),
  });

  test("stands in the order of approval, whatever the votes", () => {
    expect(ids(approvedQuestions(state))).toBe("early,late");
  });

  test("keeps the live one and the answered ones apart", () => {
    expect(liveQuestion(state)?.id).toBe("now");
    expect(ids(answeredQuestions(state))).toBe("done");
  });
});

describe("one's own questions", () => {
  const ask = (id: string, text: string) => ({ id, name: "question.ask", args: { text }, at: 0 });

  test("those on their way stand last", () => {
    const state = room({
      mine: map(question("b", "pending", { asked_at: 2 }), question("a", "declined", { asked_at: 1 })),
    });
    const own = ownQuestions(state, [ask("c", "new one"), { ...ask("v", ""), name: "question.vote" }]);
    expect(own.map(({ id, state: s }) => `${id} ${s}`)).toEqual(["a declined", "b pending", "c sending"]);
  });

  test("take the newer state from everyone's list", () => {
    const state = room({
      mine: map(question("a", "approved", { revision: 2 })),
      questions: map(question("a", "answered", { revision: 4 })),
    });
    expect(ownQuestions(state, [])[0]).toMatchObject({ state: "answered", revision: 4 });
  });

  test("one that is being withdrawn is gone at once", () => {
    const state = room({ mine: map(question("a", "pending")) });
    const withdrawing = { id: "w", name: "question.withdraw", args: { question: "a" }, at: 0 };
    expect(ownQuestions(state, [withdrawing])).toEqual([]);
  });
});

describe("the moderator's queue", () => {
  const state = room({
    staff: map(
      question("p2", "pending", { asked_at: 2 }),
      question("p1", "pending", { asked_at: 1 }),
      question("a1", "approved", { order: 1, votes: 1 }),
      question("a2", "approved", { order: 2, votes: 7 }),
      question("l", "live", { order: 3 }),
      question("d", "declined"),
      question("w", "withdrawn"),
    ),
  });

  test("counts every tab and leaves out what was withdrawn", () => {
    expect(queueCounts(state)).toEqual({ new: 2, approved: 3, answered: 0, declined: 1 });
  });

  test("shows new ones as they came and the live one first", () => {
    expect(ids(queueList(state, "new", "votes"))).toBe("p1,p2");
    expect(ids(queueList(state, "approved", "order"))).toBe("l,a1,a2");
    expect(ids(queueList(state, "approved", "votes"))).toBe("l,a2,a1");
  });

  test("a key means only what its question allows", () => {
    expect(actionByKey(question("x", "pending"), "A")?.command).toBe("question.approve");
    expect(actionByKey(question("x", "pending"), "1")).toBeNull();
    expect(actionByKey(question("x", "approved"), "1")?.command).toBe("question.live");
    expect(actionByKey(question("x", "live"), "2")?.command).toBe("question.answered");
    expect(actionsFor(question("x", "answered"))).toEqual([]);
  });
});
