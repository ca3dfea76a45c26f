/** What every part of a room's page shares. */
import { announce } from "../dom";
import { _ } from "../i18n";
import { Connection, type LineStatus } from "./connection";
import type { PendingCommand } from "./outbox";
import type { Ack, CommandError, Joined, PointerFrame, Refusal, RoomData, ViewFrame } from "./protocol";
import { Store } from "./store";
import { tourMarks } from "./tours";
import { uuid } from "./uuid";

/** A call to gather that is older, as after a break of the line, is over. */
const GATHER_MS = 15_000;

export interface RoomEvents {
  status: LineStatus;
  refused: Refusal;
  /** What waits for the server's answer has changed. */
  pending: undefined;
  answered: { command: PendingCommand; ack: Ack };
  /** The guide's view, as it comes. */
  view: ViewFrame;
  /** The log's word that the guide went to a scene; `t` is the instant of that. */
  scene: ViewFrame;
  /** The server let this page in, at first and after each break. */
  joined: Joined;
  /** What the guide points at. */
  pointer: PointerFrame;
  /** The guide calls everyone together. */
  gather: undefined;
  /** How often everyone reacted, by kind, in the last moment. */
  reactions: Record<string, number>;
  /** Once a second. */
  tick: number;
}

type Listeners = { [Name in keyof RoomEvents]: Set<(value: RoomEvents[Name]) => void> };

export class Room {
  readonly store = new Store();
  readonly connection: Connection;
  private readonly listeners: Listeners = {
    status: new Set(),
    refused: new Set(),
    pending: new Set(),
    answered: new Set(),
    view: new Set(),
    scene: new Set(),
    joined: new Set(),
    pointer: new Set(),
    gather: new Set(),
    reactions: new Set(),
    tick: new Set(),
  };

  constructor(readonly data: RoomData) {
    this.connection = new Connection(
      {
        ticket: data.ticket,
        device: this.remember("device", uuid),
        channels: ["public", data.role === "host" ? "staff" : "person"],
        storage: sessionStorage,
        storageKey: this.key("outbox"),
        heads: () => this.heads,
        tours: () => (this.store.state.ready ? tourMarks(this.store.state.tour) : undefined),
      },
      {
        joined: (data) => this.emit("joined", data),
        snapshot: (snapshot) => {
          this.store.snapshot(snapshot);
          const view = this.store.state.view;
          if (snapshot.channel === "public" && view) this.emit("view", view);
        },
        tours: (data) => this.store.tours(data),
        events: (channel, events) => {
          const before = this.store.state.view;
          this.store.events(channel, events);
          const { view } = this.store.state;
          if (view && view !== before && view.scene !== before?.scene) this.emit("scene", view);
          const called = events.some(
            ({ kind, at }) => kind === "guide.gather" && this.now() - at < GATHER_MS,
          );
          if (channel === "public" && called) this.emit("gather", undefined);
        },
        view: (frame) => {
          this.store.view(frame);
          this.emit("view", frame);
        },
        pointer: (frame) => this.emit("pointer", frame),
        reactions: (counts) => this.emit("reactions", counts),
        heads: (heads) => this.store.heads(heads),
        status: (status) => this.emit("status", status),
        refused: (refusal) => this.emit("refused", refusal),
        pending: () => this.emit("pending", undefined),
        answered: (command, ack) => this.emit("answered", { command, ack }),
      },
    );
  }

  /** Joins, and begins to tick. */
  start(): void {
    this.connection.start();
    setInterval(() => this.emit("tick", this.now()), 1_000);
  }

  on<Name extends keyof RoomEvents>(name: Name, listener: (value: RoomEvents[Name]) => void): void {
    this.listeners[name].add(listener);
  }

  /** Milliseconds of the server's clock. */
  now(): number {
    return this.connection.clock.now();
  }

  /** People at this screen. */
  get heads(): number {
    const stored = Number(sessionStorage.getItem(this.key("heads")));
    return Number.isInteger(stored) && stored >= 1 && stored <= 50 ? stored : 1;
  }

  /** Tells the server how many people are at this screen; answers the number taken. */
  setHeads(count: number): number {
    const heads = Math.min(50, Math.max(1, Math.round(count) || 1));
    sessionStorage.setItem(this.key("heads"), String(heads));
    void this.connection.command("presence.heads", { heads });
    return heads;
  }

  /** The name in the tab's storage for something of this room and role. */
  key(name: string): string {
    const rehearsal = this.data.room === "rehearsal" ? ".rehearsal" : "";
    return `tourserver.${name}.${this.data.role}.${this.data.session.slug}${rehearsal}`;
  }

  private remember(name: string, make: () => string): string {
    const key = this.key(name);
    try {
      const stored = sessionStorage.getItem(key);
      if (stored) return stored;
      const made = make();
      sessionStorage.setItem(key, made);
      return made;
    } catch {
      return make();
    }
  }

  private emit<Name extends keyof RoomEvents>(name: Name, value: RoomEvents[Name]): void {
    for (const listener of this.listeners[name]) listener(value);
  }
}

/** A refusal in words: what happened and what is kept. The server's own words win, it translates them. */
export function errorWords(error: CommandError): string {
  if (error.message) return error.message;
  switch (error.code) {
    case "rate_limited":
      return _("That was a lot at once. Your text is kept; try again in a moment.");
    case "forbidden":
      return _("You may not do this in this room.");
    case "not_found":
      return _("This is no longer here.");
    default:
      return _("The server did not take this. Your text is kept.");
  }
}

export { announce };
