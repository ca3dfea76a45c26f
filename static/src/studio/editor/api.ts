/** Sending operations: what the server answers, and what happened when it does not. */
import { type Answer, type Draft, type DraftPoint, type DraftScene, type Op, withRevision } from "./model";

export type Outcome =
  | { kind: "done"; answer: Answer }
  /** Somebody saved the same thing first; `theirs` is it as it is now. */
  | { kind: "conflict"; message: string; theirs: DraftScene | DraftPoint | Record<string, unknown> | null }
  /** It can't be taken, or the right is gone; the server said why. */
  | { kind: "refused"; message: string; field: string | null; code: string }
  /** No answer came: it may or may not have been done. */
  | { kind: "lost" };

interface Refusal {
  error: { code: string; message: string; field?: string | null; theirs?: DraftScene | DraftPoint | null };
}

export class Api {
  constructor(
    private readonly draftUrl: string,
    private readonly editUrl: string,
    private readonly csrf: string,
  ) {}

  async draft(): Promise<Draft> {
    const response = await fetch(this.draftUrl, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`the draft answered with ${response.status}`);
    return (await response.json()) as Draft;
  }

  async send(op: Op, draft: Draft): Promise<Outcome> {
    const response = await fetch(this.editUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
      body: JSON.stringify(withRevision(op, draft)),
    }).catch(() => null);
    if (!response) return { kind: "lost" };
    const body = (await response.json().catch(() => null)) as Answer | Refusal | null;
    if (!body) return { kind: "lost" };
    if ("ok" in body) return { kind: "done", answer: body };
    const { code, message, field, theirs } = body.error;
    if (code === "conflict") return { kind: "conflict", message, theirs: theirs ?? null };
    return { kind: "refused", message, field: field ?? null, code };
  }
}
