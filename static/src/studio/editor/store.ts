/**
 * The draft in this page: operations go through here one after the other, can be undone and done again, and whoever
 * shows something is told when it changed.
 */
import type { Api, Outcome } from "./api";
import {
  type Answer,
  applied,
  type Draft,
  type DraftPoint,
  type DraftScene,
  inverse,
  type Op,
} from "./model";

/** Said in words beside the picture. */
export type SaveState = "saved" | "saving" | "lost" | "conflict" | "refused";

export interface Clash {
  op: Op;
  message: string;
  theirs: DraftScene | DraftPoint | Record<string, unknown> | null;
}

export interface StoreHooks {
  /** The draft is another one; `answer` is absent when it was loaded anew. */
  changed(answer: Answer | null): void;
  state(state: SaveState, words: string): void;
  clash(clash: Clash): void;
}

interface Step {
  words: string;
  ops: Op[];
}

/** More than anybody takes back; old ones are forgotten. */
const MOST_STEPS = 200;

export class Store {
  private undone: Step[] = [];
  private done: Step[] = [];
  private queue: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly api: Pick<Api, "draft" | "send">,
    public draft: Draft,
    private readonly hooks: StoreHooks,
  ) {}

  /** What "Undo" takes back; null when there is nothing. */
  get undoWords(): string | null {
    return this.done.at(-1)?.words ?? null;
  }

  get redoWords(): string | null {
    return this.undone.at(-1)?.words ?? null;
  }

  /** Something is on its way. */
  get busy(): boolean {
    return this.waiting > 0;
  }

  /** Does operations as one step that "Undo" takes back at once; the last outcome. `words` say what it is. */
  run(words: string, ...ops: Op[]): Promise<Outcome> {
    return this.inTurn(async () => {
      const { outcome, back } = await this.perform(ops);
      if (back.length > 0) {
        this.remember(this.done, { words, ops: back });
        this.undone = [];
      }
      return outcome;
    });
  }

  undo(): Promise<string | null> {
    return this.move("done", "undone");
  }

  redo(): Promise<string | null> {
    return this.move("undone", "done");
  }

  /** Takes the draft as it is on the server now; `why` is said, when there was a reason. */
  reload(why = ""): Promise<void> {
    return this.inTurn(async () => {
      try {
        this.draft = await this.api.draft();
        this.hooks.changed(null);
        this.hooks.state(why ? "refused" : "saved", why);
      } catch {
        this.hooks.state("lost", "");
      }
    });
  }

  /** Takes one thing as somebody else saved it, so that the next operation on it is a decision. */
  accept(theirs: Clash["theirs"]): void {
    if (!theirs) return;
    if ("hotspots" in theirs) {
      const scene = theirs as DraftScene;
      this.draft = applied(this.draft, { ok: true, scenes: [scene] });
    } else if ("label" in theirs) {
      const point = theirs as DraftPoint;
      const scenes = this.draft.scenes.map((scene) => ({
        ...scene,
        hotspots: scene.hotspots.map((each) => (each.id === point.id ? point : each)),
      }));
      this.draft = { ...this.draft, scenes };
    } else {
      const { order, ...tour } = theirs as unknown as { order?: string[] } & Draft["tour"];
      this.draft = applied(this.draft, { ok: true, scenes: [], tour, ...(order ? { order } : {}) });
    }
    this.hooks.changed(null);
  }

  private async move(from: "done" | "undone", to: "done" | "undone"): Promise<string | null> {
    return this.inTurn(async () => {
      const step = this[from].pop();
      if (!step) return null;
      const { outcome, back } = await this.perform(step.ops);
      if (back.length > 0) this.remember(this[to], { words: step.words, ops: back });
      // what could not be sent can be tried again; what was refused will not be taken later either
      if (outcome.kind === "lost" && back.length === 0) this[from].push(step);
      return outcome.kind === "done" ? step.words : null;
    });
  }

  private async perform(ops: Op[]): Promise<{ outcome: Outcome; back: Op[] }> {
    const back: Op[] = [];
    let outcome: Outcome = { kind: "lost" };
    this.hooks.state("saving", "");
    for (const op of ops) {
      const before = this.draft;
      outcome = await this.api.send(op, before);
      if (outcome.kind !== "done") {
        this.failed(op, outcome);
        break;
      }
      const taken = inverse(op, before, outcome.answer);
      if (taken) back.unshift(taken);
      this.draft = applied(before, outcome.answer);
      this.hooks.changed(outcome.answer);
    }
    if (outcome.kind === "done") this.hooks.state("saved", "");
    return { outcome, back };
  }

  private failed(op: Op, outcome: Exclude<Outcome, { kind: "done" }>): void {
    if (outcome.kind === "conflict") {
      this.hooks.state("conflict", outcome.message);
      this.hooks.clash({ op, message: outcome.message, theirs: outcome.theirs });
    } else if (outcome.kind === "refused") {
      this.hooks.state("refused", outcome.message);
    } else {
      this.hooks.state("lost", "");
    }
  }

  private remember(stack: Step[], step: Step): void {
    stack.push(step);
    if (stack.length > MOST_STEPS) stack.shift();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.waiting += 1;
    const result = this.queue.then(work);
    this.queue = result
      .catch(() => undefined)
      .then(() => {
        this.waiting -= 1;
      });
    return result;
  }
}
