/**
 * One attempt at a connection: a thin cover of Socket.IO's socket, so that the rest can be tested without a network.
 */
import { io } from "socket.io-client";
import type { Ack, EventPage, Frame, Heads, Joined, Refusal, SceneView, Snapshot, Tours } from "./protocol";

/** What a line tells its owner. After `close()` it tells nothing more. */
export interface LineListener {
  joined(data: Joined): void;
  snapshot(data: Snapshot): void;
  tours(data: Tours): void;
  events(data: EventPage): void;
  frame(data: Frame): void;
  heads(data: Heads): void;
  removed(data: Refusal): void;
  /** The server said no. */
  refused(data: Refusal): void;
  /** The line could not be made or broke; `timedOut` when nothing at all came back. */
  down(timedOut: boolean): void;
  /** Anything arrived, even without meaning to the room. */
  alive(): void;
}

export interface Line {
  /** Sends and waits for the answer; rejects when none came within `timeout` milliseconds. */
  ask(event: "command" | "range" | "ping_clock", data: unknown, timeout: number): Promise<unknown>;
  /** Sends the guide's view if the line is free, else drops it. */
  view(view: SceneView & { t: number }): void;
  /** Sends what nobody waits for, if the line is free. */
  say(event: "react" | "pointer" | "look", data: unknown): void;
  close(): void;
}

export interface JoinAuth {
  ticket: string;
  device: string;
  heads: number;
  since: Record<string, number>;
  /** The tours that the page shows, so that it is sent others if it should. */
  tours?: string[];
}

export interface LineChoice {
  pollingFirst: boolean;
  /** Milliseconds until an attempt without an answer counts as failed. */
  timeout: number;
}

export type LineFactory = (auth: JoinAuth, listener: LineListener, choice: LineChoice) => Line;

/** Opens a Socket.IO connection. Never reconnects by itself: a new attempt is a new line. */
export const openLine: LineFactory = (auth, listener, choice) => {
  const socket = io("/live", {
    path: "/socket.io",
    transports: choice.pollingFirst ? ["polling", "websocket"] : ["websocket", "polling"],
    tryAllTransports: true,
    forceNew: true,
    reconnection: false,
    timeout: choice.timeout,
    // Keeps the polls of one client at one server process (nginx hashes it); of no use to anybody else.
    query: { k: Math.random().toString(36).slice(2) },
    auth,
  });
  let open = true;
  const heard = <T>(handle: (data: T) => void) => {
    return (data: T) => {
      if (!open) return;
      listener.alive();
      handle(data);
    };
  };
  const failed = (timedOut: boolean) => {
    if (!open) return;
    open = false;
    socket.io.engine?.close();
    listener.down(timedOut);
  };
  socket.on("joined", heard(listener.joined));
  socket.on("snapshot", heard(listener.snapshot));
  socket.on("tours", heard(listener.tours));
  socket.on("events", heard(listener.events));
  socket.on("frame", heard(listener.frame));
  socket.on("heads", heard(listener.heads));
  socket.on("removed", heard(listener.removed));
  socket.on("disconnect", () => failed(false));
  socket.on("connect_error", (error: Error & { data?: Partial<Refusal> }) => {
    const refusal = error.data;
    if (refusal && typeof refusal.code === "string") {
      if (!open) return;
      open = false;
      socket.disconnect();
      listener.refused({ code: refusal.code, message: refusal.message ?? error.message });
    } else failed(error.message === "timeout");
  });
  return {
    ask: (event, data, timeout) => socket.timeout(timeout).emitWithAck(event, data) as Promise<Ack>,
    view: (view) => void socket.volatile.emit("view", view),
    say: (event, data) => void socket.volatile.emit(event, data),
    close: () => {
      open = false;
      socket.removeAllListeners();
      socket.disconnect();
    },
  };
};
