/** One file on its way: begun or gone on with, piece by piece, tried again until it is there or refused. */
import { type Answer, LineLost, Refusal, type UploadServer, type UploadState, type Wish } from "./api";

export type Phase =
  | "waiting"
  | "sending"
  | "offline"
  | "retrying"
  /** The server can't take it at the moment; `message` says why. */
  | "hindered"
  | "finishing"
  | "refused"
  | "unreadable"
  | "cancelled";

export interface Telling {
  phase: Phase;
  /** Of the bytes, 0 … 100. */
  percent: number;
  /** The server's words, when it said something. */
  message: string;
}

/** What a transfer needs of the world around it. */
export interface Surroundings {
  online(): boolean;
  /** Resolves after so many milliseconds, or at once when the line comes back or `signal` says so. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** Its bytes, as `File` has them. */
export interface Bytes {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export const BACKOFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const HINDERED_MS = 15_000;
/** Pieces that arrive changed are sent again so often. */
const MOST_CHANGED = 3;
/** A file that the server no longer knows is begun anew so often. */
const MOST_ANEW = 2;

class Unreadable extends Error {}

export class Transfer {
  private readonly ending = new AbortController();
  private waking = new AbortController();
  private failures = 0;
  private changed = 0;
  private anew = 0;
  private have = new Set<number>();
  private loaded = 0;
  private phase: Phase = "waiting";

  constructor(
    private readonly file: Bytes,
    private readonly wish: Wish,
    private readonly server: UploadServer,
    private readonly around: Surroundings,
    private readonly tell: (telling: Telling) => void,
    private upload: UploadState | null = null,
  ) {}

  get id(): string | null {
    return this.upload?.id ?? null;
  }

  /** Sends until the receiver has answered; null when it was refused, can't be read or was cancelled. */
  async run(): Promise<Answer | null> {
    if (this.upload) this.know(this.upload);
    for (let first = true; ; first = false) {
      try {
        if (!first && this.upload) this.know(await this.server.state(this.upload.id));
        return await this.attempt();
      } catch (error) {
        if (this.ending.signal.aborted) return null;
        if (error instanceof Unreadable) {
          // what arrived stays for the day that the file is chosen again; a folder never had a piece
          if (this.upload && this.have.size === 0)
            void this.server.drop(this.upload.id).catch(() => undefined);
          return this.end("unreadable");
        }
        const final = await this.cope(error);
        if (this.ending.signal.aborted) return null;
        if (final) return this.end("refused", final);
      }
    }
  }

  /** Ends it and frees what arrived. */
  cancel(): void {
    this.ending.abort();
    this.waking.abort();
    this.say("cancelled");
    if (this.upload) void this.server.drop(this.upload.id).catch(() => undefined);
  }

  /** Tries again now rather than after the pause. */
  retry(): void {
    this.waking.abort();
  }

  private async attempt(): Promise<Answer> {
    if (!this.upload) this.know(await this.server.begin(this.wish));
    const upload = this.upload as UploadState;
    if (this.ending.signal.aborted) {
      // it was cancelled while it was begun
      void this.server.drop(upload.id).catch(() => undefined);
      throw new LineLost();
    }
    for (let number = 0; number < upload.chunks; number++) {
      if (this.have.has(number)) continue;
      this.loaded = 0;
      this.say("sending");
      const piece = await this.read(number, upload.chunk_bytes);
      try {
        await this.server.put(
          upload.id,
          number,
          piece,
          (bytes) => {
            this.loaded = Math.min(bytes, piece.byteLength);
            this.say("sending");
          },
          this.ending.signal,
        );
      } catch (error) {
        // Another window had all pieces and finished: its answer is ours, too.
        if (error instanceof Refusal && error.code === "finished") break;
        throw error;
      }
      this.have.add(number);
      this.failures = this.changed = 0;
    }
    this.loaded = 0;
    this.say("finishing");
    return this.server.finish(upload.id, this.ending.signal);
  }

  private async read(number: number, chunk: number): Promise<ArrayBuffer> {
    const start = number * chunk;
    const end = Math.min(start + chunk, this.file.size);
    const piece = await this.file
      .slice(start, end)
      .arrayBuffer()
      .catch(() => null);
    if (piece?.byteLength !== end - start) throw new Unreadable();
    return piece;
  }

  /** Decides about an error: the server's last word, or null after a pause. */
  private async cope(error: unknown): Promise<string | null> {
    this.loaded = 0;
    if (error instanceof LineLost) {
      const wait = BACKOFF_MS[Math.min(this.failures++, BACKOFF_MS.length - 1)] ?? 0;
      await this.pause(this.around.online() ? "retrying" : "offline", wait);
      return null;
    }
    if (!(error instanceof Refusal)) throw error;
    const { status, code, message } = error;
    if (code === "incomplete") return null; // the state that is asked for next says which pieces
    if (code === "csrf") {
      // the page was open for long: the list brings a fresh token
      if (++this.failures > BACKOFF_MS.length) return message;
      const signedOut = await this.server.mine().then(
        () => null,
        (why: unknown) => (why instanceof Refusal ? why.message : null),
      );
      if (signedOut) {
        this.failures = 0;
        await this.pause("hindered", HINDERED_MS, signedOut);
      }
      return null;
    }
    if (code === "wrong_digest" || code === "wrong_size")
      return ++this.changed > MOST_CHANGED ? message : null;
    if ((status === 404 || status === 410 || code === "other_content") && this.upload) {
      if (++this.anew > MOST_ANEW) return message;
      if (code === "other_content") void this.server.drop(this.upload.id).catch(() => undefined);
      this.upload = null;
      this.have.clear();
      return null;
    }
    if (status === 401 || status >= 500) {
      await this.pause("hindered", HINDERED_MS, message);
      return null;
    }
    return message;
  }

  private async pause(phase: Phase, ms: number, message = ""): Promise<void> {
    this.waking = new AbortController();
    this.say(phase, message);
    await this.around.pause(ms, this.waking.signal);
  }

  private know(upload: UploadState): void {
    this.upload = upload;
    this.have = new Set(upload.received);
  }

  private end(phase: Phase, message = ""): null {
    this.say(phase, message);
    return null;
  }

  private say(phase: Phase, message = ""): void {
    if (this.phase === "cancelled") return;
    this.phase = phase;
    this.tell({ phase, percent: this.percent(), message });
  }

  private percent(): number {
    if (!this.upload || this.file.size === 0) return 0;
    return percentOf(this.upload, this.have, this.loaded);
  }
}

/** How much of a file is there, 0 … 100, from the pieces that arrived and the bytes of the one that is on its way. */
export function percentOf(upload: UploadState, have: Iterable<number>, loaded = 0): number {
  const { size, chunk_bytes, chunks } = upload;
  let bytes = loaded;
  for (const number of have) bytes += number === chunks - 1 ? size - chunk_bytes * (chunks - 1) : chunk_bytes;
  return Math.max(0, Math.min(100, Math.floor((100 * bytes) / size)));
}

/** The browser: its line, and pauses that end when the line comes back or the page is looked at again. */
export const browser: Surroundings = {
  online: () => navigator.onLine,
  pause: (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        window.clearTimeout(timer);
        window.removeEventListener("online", end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      // some of all who lost the same line come back a little later than others
      const timer = window.setTimeout(end, ms * (0.8 + 0.4 * Math.random()));
      window.addEventListener("online", end);
      signal.addEventListener("abort", end);
    }),
};
