/** What the crew can do with a question, in which state, by which key, and in which words. */
import { _ } from "../i18n";
import type { Question, QuestionStatus } from "./protocol";

export type ActionName = "approve" | "live" | "answered" | "decline" | "unlive";

export interface Action {
  name: ActionName;
  /** The command that the server knows. */
  command: string;
  key: string | null;
  icon: string;
}

const ACTIONS: Record<ActionName, Action> = {
  approve: { name: "approve", command: "question.approve", key: "a", icon: "check" },
  live: { name: "live", command: "question.live", key: "1", icon: "mic" },
  answered: { name: "answered", command: "question.answered", key: "2", icon: "circle-check" },
  decline: { name: "decline", command: "question.decline", key: "d", icon: "circle-x" },
  unlive: { name: "unlive", command: "question.unlive", key: null, icon: "undo-2" },
};

const ALLOWED: Record<QuestionStatus, ActionName[]> = {
  pending: ["approve", "decline"],
  approved: ["live", "answered", "decline"],
  live: ["answered", "unlive", "decline"],
  answered: [],
  declined: ["approve"],
  withdrawn: [],
  merged: [],
};

export function actionsFor(question: Question): Action[] {
  return ALLOWED[question.state].map((name) => ACTIONS[name]);
}

/** The action that a key means for a question, or null. */
export function actionByKey(question: Question, key: string): Action | null {
  return actionsFor(question).find((action) => action.key === key.toLowerCase()) ?? null;
}

export function actionByCommand(command: string): Action | null {
  return Object.values(ACTIONS).find((action) => action.command === command) ?? null;
}

export function actionWords(name: ActionName): string {
  switch (name) {
    case "approve":
      return _("Approve");
    case "live":
      return _("Answer now");
    case "answered":
      return _("Answered");
    case "decline":
      return _("Decline");
    case "unlive":
      return _("Back to approved");
  }
}

export function stateWords(state: QuestionStatus): string {
  switch (state) {
    case "pending":
      return _("New");
    case "approved":
      return _("Approved");
    case "live":
      return _("Being answered now");
    case "answered":
      return _("Answered");
    case "declined":
      return _("Declined");
    case "withdrawn":
      return _("Withdrawn");
    case "merged":
      return _("Joined with another question");
  }
}
