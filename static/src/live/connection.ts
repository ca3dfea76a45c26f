/**
 * Staying in the room: joins, notices silence, joins again, and keeps log, clock and outbox fed.
 *
 * Every attempt is a fresh line, so nothing of a dying connection can reach the room.
 */
import { ServerClock } from "./clock";
import { type Line, type LineFactory, openLine } from "./line";
import { ChannelLog, type RangePage } from "./log";
import { Outbox, type PendingCommand } from "./outbox";
import type {
  Ack,
  ChannelName,
  Heads,
  Joined,
  PointerFrame,
  Refusal,
  RoomEvent,
  SceneView,
  Snapshot,
  Tours,
  ViewFrame,
} from "./protocol";

/** `connecting` before the first joining, `online` in the room, `lost` while a line is being made again, `over` when refused or removed. */
export type LineStatus = "connecting" | "online" | "lost" | "over";

export interface ConnectionListener {
  joined?(data: Joined): void;
  snapshot(data: Snapshot): void;
  tours(data: Tours): void;
  /** Events of one channel, each once and in order. */
  events(channel: ChannelName, events: RoomEvent[]): void;
  view(frame: ViewFrame): void;
  /** What the guide points at. */
  pointer?(frame: PointerFrame): void;
  /** Reactions of everyone, as they come. */
  reactions?(counts: Record<string, number>): void;
  heads(data: Heads): void;
  status(status: LineStatus): void;
  refused(refusal: Refusal): void;
  /** What waits for the server's answer has changed. */
  pending?(): void;
  /** An answer to a command came, maybe one of before a reload. */
  answered?(command: PendingCommand, ack: Ack): void;
}

export interface ConnectionOptions {
  ticket: string;
  device: string;
  channels: ChannelName[];
  storage: Storage;
  storageKey: string;
  /** People at this screen, 1 to 50. */
  heads(): number;
  /** The tours that the page shows ("site@number" of each); undefined before it has any word of them. */
  tours?(): string[] | undefined;
  line?: LineFactory;
  now?: () => number;
}

export const SILENCE_MS = 6_000;
const CONNECT_MS = 8_000;
const CONNECT_LEAST_MS = 4_000;
const CONNECT_MAX_MS = 15_000;
const ACK_TIMEOUT_MS = 6_000;
const PING_EVERY_MS = 30_000;
const BACKOFF_MS = [300, 800, 1_500, 3_000, 5_000];

/** Refusals that pass by themselves: worth another attempt. */
const PASSING = new Set(["rate_limited", "busy", "starting", "unavailable"]);

export class Connection {
  readonly clock: ServerClock;
  readonly outbox: Outbox;
  private readonly logs = new Map<ChannelName, ChannelLog>();
  private readonly now: () => number;
  private line: Line | null = null;
  private status: LineStatus = "connecting";
  private attempts = 0;
  private timeouts = 0;
  /** Whether the present line began with polling, and whether the last one that joined did. */
  private tried = false;
  private settled: boolean | null = null;
  private patience = 0;
  private began = 0;
  private joinTook: number | null = null;
  private lastHeard = 0;
  private lastPing = 0;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private watchdog: ReturnType<typeof setInterval> | null = null;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly listener: ConnectionListener,
  ) {
    this.now = options.now ?? Date.now;
    this.clock = new ServerClock(this.now);
    for (const channel of options.channels) this.logs.set(channel, this.makeLog(channel));
    this.outbox = new Outbox({
      storage: options.storage,
      key: options.storageKey,
      transmit: async (command) => (await this.ask("command", command)) as Ack,
      changed: () => listener.pending?.(),
      answered: (command, ack) => listener.answered?.(command, ack),
      now: this.now,
    });
  }

  get current(): LineStatus {
    return this.status;
  }

  /** Joins now and keeps joining until `leave()` or a refusal. */
  start(): void {
    this.watchdog = setInterval(() => this.watch(), 1_000);
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    this.connect();
  }

  /** The last event applied, for each channel; null before its first snapshot. */
  cursors(): Record<string, number | null> {
    return Object.fromEntries([...this.logs].map(([channel, log]) => [channel, log.seq]));
  }

  leave(): void {
    this.stop("over");
  }

  /** Sends a command, now or when the line is back. */
  command(name: string, args: Record<string, unknown> = {}): Promise<Ack> {
    return this.outbox.send(name, args);
  }

  /** Sends the guide's view; dropped without a line, as only the newest matters. */
  view(view: SceneView & { t: number }): void {
    if (this.status === "online") this.line?.view(view);
  }

  /** Sends what nobody waits for; dropped without a line. */
  say(event: "react" | "pointer" | "look", data: unknown): void {
    if (this.status === "online") this.line?.say(event, data);
  }

  private makeLog(channel: ChannelName): ChannelLog {
    return new ChannelLog({
      apply: (events) => this.listener.events(channel, events),
      range: async (after) => {
        const answer = (await this.ask("range", { channel, after })) as RangePage & { ok?: boolean };
        if (answer.ok === false) throw new Error("range refused");
        return answer;
      },
      lost: () => this.reconnect(),
    });
  }

  private async ask(event: "command" | "range" | "ping_clock", data: unknown): Promise<unknown> {
    if (!this.line || this.status !== "online") throw new Error("no line");
    return this.line.ask(event, data, ACK_TIMEOUT_MS);
  }

  private connect(): void {
    if (this.status === "over") return;
    this.drop();
    for (const log of this.logs.values()) log.reconnect();
    const since: Record<string, number> = {};
    for (const [channel, seq] of Object.entries(this.cursors())) if (seq !== null) since[channel] = seq;
    this.lastHeard = this.now();
    const tours = this.options.tours?.();
    const auth = {
      ticket: this.options.ticket,
      device: this.options.device,
      heads: this.options.heads(),
      since,
      ...(tours ? { tours } : {}),
    };
    const pollingFirst = this.beginWithPolling();
    this.tried = pollingFirst;
    this.patience = this.patienceNow();
    this.began = this.now();
    this.line = (this.options.line ?? openLine)(
      auth,
      {
        alive: () => {
          this.lastHeard = this.now();
        },
        joined: (data) => this.joined(data),
        snapshot: (data) => {
          this.listener.snapshot(data);
          this.logs.get(data.channel)?.snapshot(data.seq);
        },
        tours: (data) => this.listener.tours(data),
        events: (data) => this.logs.get(data.channel)?.receive(data.events, data.more),
        frame: (data) => {
          for (const [channel, log] of this.logs) {
            const events = data.events?.[channel];
            if (events) log.receive(events);
          }
          if (data.view) this.listener.view(data.view);
          if (data.pointer) this.listener.pointer?.(data.pointer);
          if (data.reactions) this.listener.reactions?.(data.reactions);
        },
        heads: (data) => {
          this.clock.told(data.now);
          for (const [channel, log] of this.logs) {
            const head = data[channel];
            if (typeof head === "number") log.head(head);
          }
          this.listener.heads(data);
        },
        removed: (data) => this.refuse(data),
        refused: (data) => {
          if (PASSING.has(data.code)) this.down(false);
          else this.refuse(data);
        },
        down: (timedOut) => this.down(timedOut),
      },
      { pollingFirst, timeout: this.patience },
    );
  }

  /** Once it is known how long joining takes here, an attempt that is much slower is better made anew. */
  private patienceNow(): number {
    const usual = this.joinTook === null ? CONNECT_MS : Math.max(CONNECT_LEAST_MS, this.joinTook * 3);
    return Math.min(usual + this.attempts * 1_000, CONNECT_MAX_MS);
  }

  /** A network that swallows WebSockets answers nothing: after silent attempts begin with polling. */
  private beginWithPolling(): boolean {
    const odd = this.timeouts % 2 === 1;
    if (this.settled === null) return odd;
    return this.timeouts >= 3 && odd ? !this.settled : this.settled;
  }

  private joined(data: Joined): void {
    this.attempts = 0;
    this.timeouts = 0;
    this.settled = this.tried;
    this.joinTook = this.now() - this.began;
    this.clock.told(data.now);
    this.setStatus("online");
    this.listener.joined?.(data);
    void this.ping();
    this.outbox.connected();
  }

  private down(timedOut: boolean): void {
    if (this.status === "over") return;
    if (timedOut) this.timeouts += 1;
    this.drop();
    if (this.status === "online") this.setStatus("lost");
    if (this.retry !== null) return;
    const base = BACKOFF_MS[Math.min(this.attempts, BACKOFF_MS.length - 1)] ?? 5_000;
    this.attempts += 1;
    this.retry = setTimeout(() => this.connect(), base * (0.7 + Math.random() * 0.6));
  }

  private reconnect(): void {
    if (this.status === "over") return;
    this.drop();
    if (this.status === "online") this.setStatus("lost");
    this.connect();
  }

  /** Closes the present line without a word and stops a waiting attempt. */
  private drop(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
    this.line?.close();
    this.line = null;
    this.outbox.disconnected();
  }

  private refuse(refusal: Refusal): void {
    this.stop("over");
    this.listener.refused(refusal);
  }

  private stop(status: LineStatus): void {
    this.drop();
    if (this.watchdog !== null) clearInterval(this.watchdog);
    this.watchdog = null;
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    this.setStatus(status);
  }

  private setStatus(status: LineStatus): void {
    if (status === this.status) return;
    this.status = status;
    this.listener.status(status);
  }

  /** Back from sleep or from a tunnel: do not wait for the next attempt. */
  private readonly wake = (): void => {
    if (document.visibilityState === "hidden" || this.status === "over") return;
    if (this.line === null) this.connect();
    else this.watch();
  };

  private watch(): void {
    if (this.line === null) return;
    const silence = this.now() - this.lastHeard;
    // The line's own timeout ends an attempt; this is for one that opened and then said nothing.
    if (this.status === "online" && silence > SILENCE_MS) this.reconnect();
    else if (this.status !== "online" && silence > this.patience + SILENCE_MS) this.down(true);
    else if (this.status === "online" && this.now() - this.lastPing > PING_EVERY_MS) void this.ping();
  }

  /** Milliseconds that an answer takes; null when none came. */
  async roundTrip(): Promise<number | null> {
    const sent = performance.now();
    try {
      await this.ask("ping_clock", {});
      return performance.now() - sent;
    } catch {
      return null;
    }
  }

  private async ping(): Promise<void> {
    const sent = this.now();
    this.lastPing = sent;
    try {
      const answer = (await this.ask("ping_clock", {})) as { now?: unknown };
      if (typeof answer.now === "number") this.clock.pinged(sent, answer.now, this.now());
    } catch {
      // The heartbeat's time will do until the next ping.
    }
  }
}
