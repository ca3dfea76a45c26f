/** Holds the room's state and tells the views of a change at most once per drawn frame. */
import type { ChannelName, Heads, RoomEvent, Snapshot, Tours, ViewFrame } from "./protocol";
import {
  applyAnswer,
  applyEvent,
  applyHeads,
  applyOffer,
  applyOwnMessage,
  applySnapshot,
  applyTours,
  applyView,
  applyVote,
  EMPTY,
  type RoomState,
} from "./state";

export type StateListener = (state: RoomState, before: RoomState) => void;

export class Store {
  private now: RoomState = EMPTY;
  private shown: RoomState = EMPTY;
  private readonly listeners = new Set<StateListener>();
  private scheduled = false;

  get state(): RoomState {
    return this.now;
  }

  /** Calls `listener` after changes until the answer is called. */
  subscribe(listener: StateListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  snapshot(data: Snapshot): void {
    this.set(applySnapshot(this.now, data.channel, data.state));
  }

  events(channel: ChannelName, events: RoomEvent[]): void {
    this.set(events.reduce((state, event) => applyEvent(state, channel, event), this.now));
  }

  tours(data: Tours): void {
    this.set(applyTours(this.now, data.tour));
  }

  offer(data: unknown): void {
    this.set(applyOffer(this.now, data));
  }

  heads(data: Heads): void {
    this.set(applyHeads(this.now, data));
  }

  view(frame: ViewFrame): void {
    this.set(applyView(this.now, frame));
  }

  vote(question: string, on: boolean, count?: number): void {
    this.set(applyVote(this.now, question, on, count));
  }

  pollAnswered(poll: string, choices: readonly string[]): void {
    this.set(applyAnswer(this.now, poll, choices));
  }

  ownMessage(id: string): void {
    this.set(applyOwnMessage(this.now, id));
  }

  private set(state: RoomState): void {
    if (state === this.now) return;
    this.now = state;
    if (this.scheduled) return;
    this.scheduled = true;
    // A timer, not a frame: a hidden tab draws no frames, but its title and announcements go on.
    setTimeout(() => this.tell(), 0);
  }

  private tell(): void {
    this.scheduled = false;
    const before = this.shown;
    this.shown = this.now;
    for (const listener of [...this.listeners]) listener(this.shown, before);
  }
}
