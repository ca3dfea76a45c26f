/**
 * Commands on their way to the server.
 *
 * Each has an id made here; the server does one id once. It is kept in the tab's storage and sent again after every
 * reconnect, reload or silence until it is acknowledged, so what was sent without a line happens once, later.
 */
import type { Ack, Command } from "./protocol";
import { uuid } from "./uuid";

export interface PendingCommand extends Command {
  /** Local instant at which the person did it, in milliseconds. */
  at: number;
}

export interface OutboxOptions {
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  key: string;
  /** Puts a command on the line; resolves with the server's answer, rejects when none came in time. */
  transmit(command: Command): Promise<Ack>;
  /** Told of every change of what is pending. */
  changed?(): void;
  /** Told of every answer, also to commands of before a reload. */
  answered?(command: PendingCommand, ack: Ack): void;
  now?: () => number;
}

const RETRY_MS = 1_000;
/** "Too much at once" passes by itself: tried again this often, with growing pauses, before it is an answer. */
const RATE_RETRIES = 2;
const RATE_RETRY_MS = 1_500;

export class Outbox {
  private readonly pending = new Map<string, PendingCommand>();
  private readonly inFlight = new Set<string>();
  private readonly limited = new Map<string, number>();
  private readonly waiting = new Map<string, (ack: Ack) => void>();
  private online = false;
  private epoch = 0;

  constructor(private readonly options: OutboxOptions) {
    for (const command of this.restore()) this.pending.set(command.id, command);
  }

  /** What is not acknowledged yet, oldest first. */
  list(): PendingCommand[] {
    return [...this.pending.values()];
  }

  /** Sends a command; the promise is kept until the server has answered, however long that takes. */
  send(name: string, args: Record<string, unknown>): Promise<Ack> {
    const command: PendingCommand = { id: uuid(), name, args, at: (this.options.now ?? Date.now)() };
    this.pending.set(command.id, command);
    this.save();
    const answer = new Promise<Ack>((resolve) => this.waiting.set(command.id, resolve));
    this.options.changed?.();
    if (this.online) void this.deliver(command);
    return answer;
  }

  /** The line is there and the room was joined: everything pending goes (again), in order. */
  connected(): void {
    this.online = true;
    this.epoch += 1;
    this.inFlight.clear();
    for (const command of this.list()) void this.deliver(command);
  }

  /** The line is gone: keep everything. */
  disconnected(): void {
    this.online = false;
    this.epoch += 1;
    this.inFlight.clear();
  }

  private async deliver(command: PendingCommand): Promise<void> {
    if (this.inFlight.has(command.id)) return;
    this.inFlight.add(command.id);
    const epoch = this.epoch;
    const { id, name, args } = command;
    let ack: Ack | null = null;
    try {
      ack = await this.options.transmit({ id, name, args });
    } catch {
      // No answer: the same id goes again.
    }
    const wait = this.pause(id, ack);
    if (ack && wait === null) this.settle(command, ack);
    else if (epoch === this.epoch) {
      this.inFlight.delete(id);
      setTimeout(() => {
        if (this.online && epoch === this.epoch && this.pending.has(id)) void this.deliver(command);
      }, wait ?? RETRY_MS);
    }
  }

  /** Milliseconds until a command is worth sending again, or null when its answer is final. */
  private pause(id: string, ack: Ack | null): number | null {
    if (ack === null) return RETRY_MS;
    if (ack.ok) return null;
    if (ack.error.code === "unavailable") return RETRY_MS;
    if (ack.error.code !== "rate_limited") return null;
    const tries = this.limited.get(id) ?? 0;
    this.limited.set(id, tries + 1);
    return tries < RATE_RETRIES ? RATE_RETRY_MS * 2 ** tries : null;
  }

  private settle(command: PendingCommand, ack: Ack): void {
    // A repeat may be answered twice (once on each connection): only the first answer counts.
    if (!this.pending.delete(command.id)) return;
    this.inFlight.delete(command.id);
    this.limited.delete(command.id);
    this.save();
    this.options.answered?.(command, ack);
    this.waiting.get(command.id)?.(ack);
    this.waiting.delete(command.id);
    this.options.changed?.();
  }

  private save(): void {
    try {
      if (this.pending.size === 0) this.options.storage.removeItem(this.options.key);
      else this.options.storage.setItem(this.options.key, JSON.stringify(this.list()));
    } catch {
      // Private windows may refuse storage: commands then live as long as the page.
    }
  }

  private restore(): PendingCommand[] {
    try {
      const stored: unknown = JSON.parse(this.options.storage.getItem(this.options.key) ?? "[]");
      return Array.isArray(stored) ? stored.filter(isCommand) : [];
    } catch {
      return [];
    }
  }
}

function isCommand(value: unknown): value is PendingCommand {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, args } = value as Record<string, unknown>;
  return typeof id === "string" && typeof name === "string" && typeof args === "object" && args !== null;
}
