/**
 * One channel of the room's log on the receiving side.
 *
 * Events are handed on exactly once and in the order of `seq`, whatever the order, number and path of their
 * arrival: frames, pages after joining, answers to `range`. A gap waits 300 ms for the missing event (a broadcast
 * may overtake a direct message), then the missing range is asked for.
 */
import type { RoomEvent } from "./protocol";

export interface RangePage {
  events: RoomEvent[];
  more: boolean;
}

export interface LogOptions {
  /** Receives each event once, in order. */
  apply(events: RoomEvent[]): void;
  /** Asks the server for the events after `seq`. */
  range(after: number): Promise<RangePage>;
  /** Called when the server cannot fill the gap: join again without a cursor. */
  lost(): void;
  /** Milliseconds that a gap may last before it is asked for. */
  wait?: number;
  /** Milliseconds added at random, so that a thousand pages do not ask at once. */
  jitter?: () => number;
}

const BUFFER_LIMIT = 5_000;
const STALE_HEADS = 3;
const FRUITLESS_RANGES = 3;

export class ChannelLog {
  private applied: number | null = null;
  private readonly waiting = new Map<number, RoomEvent>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asking = false;
  private fruitless = 0;
  private staleHeads = 0;
  private known = 0;
  /** Changes with every connection, so that an answer from an old one is not acted upon. */
  private epoch = 0;
  private readonly wait: number;
  private readonly jitter: () => number;

  constructor(private readonly options: LogOptions) {
    this.wait = options.wait ?? 300;
    this.jitter = options.jitter ?? (() => Math.random() * 200);
  }

  /** The last event handed on, or null before the first snapshot. */
  get seq(): number | null {
    return this.applied;
  }

  /** A snapshot states its `seq` and replaces everything before it. */
  snapshot(seq: number): void {
    this.applied = seq;
    this.fruitless = 0;
    this.staleHeads = 0;
    this.drain();
  }

  /** Takes events in any order, any number of times; `more` says that the server has further pages. */
  receive(events: RoomEvent[], more = false): void {
    for (const event of events) {
      this.known = Math.max(this.known, event.seq);
      const old = this.applied !== null && event.seq <= this.applied;
      if (!old && this.waiting.size < BUFFER_LIMIT) this.waiting.set(event.seq, event);
    }
    const last = events[events.length - 1];
    // There is at least one more event behind this page; it comes by itself or is asked for.
    if (more && last) this.known = Math.max(this.known, last.seq + 1);
    this.drain();
  }

  /** The server's newest `seq`, from the heartbeat: the only way to notice that the last event was lost. */
  head(seq: number): void {
    const behind = this.applied === null || seq < this.applied;
    this.staleHeads = behind ? this.staleHeads + 1 : 0;
    if (this.staleHeads >= STALE_HEADS) {
      // Either no snapshot ever came or the server's log starts anew: our cursor means nothing to it.
      this.reset();
      this.options.lost();
      return;
    }
    this.known = Math.max(this.known, seq);
    this.schedule();
  }

  /** A new connection: keep what was applied, forget questions that were put to the old one. */
  reconnect(): void {
    this.epoch += 1;
    this.asking = false;
    this.staleHeads = 0;
    this.fruitless = 0;
    this.cancel();
    if (this.applied !== null) this.known = this.highest();
  }

  /** Forgets everything; the next snapshot starts afresh. */
  reset(): void {
    this.reconnect();
    this.applied = null;
    this.known = 0;
    this.waiting.clear();
  }

  private highest(): number {
    let highest = this.applied ?? 0;
    for (const seq of this.waiting.keys()) highest = Math.max(highest, seq);
    return highest;
  }

  private drain(): void {
    if (this.applied === null) return;
    const ready: RoomEvent[] = [];
    let next = this.waiting.get(this.applied + 1);
    while (next) {
      this.waiting.delete(next.seq);
      this.applied = next.seq;
      ready.push(next);
      next = this.waiting.get(next.seq + 1);
    }
    for (const seq of [...this.waiting.keys()]) if (seq <= this.applied) this.waiting.delete(seq);
    if (ready.length > 0) {
      this.fruitless = 0;
      this.cancel();
      this.options.apply(ready);
    }
    this.schedule();
  }

  private hasGap(): boolean {
    return this.applied !== null && this.known > this.applied;
  }

  private schedule(): void {
    if (!this.hasGap()) this.cancel();
    else if (this.timer === null && !this.asking) {
      this.timer = setTimeout(() => this.ask(), this.wait + this.jitter());
    }
  }

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private ask(): void {
    this.timer = null;
    if (!this.hasGap() || this.applied === null) return;
    const epoch = this.epoch;
    const before = this.applied;
    this.asking = true;
    this.options.range(before).then(
      (page) => {
        if (epoch !== this.epoch) return;
        this.asking = false;
        this.receive(page.events, page.more);
        if (this.applied === before && this.hasGap()) this.noProgress();
      },
      () => {
        if (epoch !== this.epoch) return;
        this.asking = false;
        this.schedule();
      },
    );
  }

  private noProgress(): void {
    this.fruitless += 1;
    if (this.fruitless < FRUITLESS_RANGES) return;
    this.reset();
    this.options.lost();
  }
}
