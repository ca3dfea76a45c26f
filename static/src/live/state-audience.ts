/** Polls, hands, announcements and messages as this page knows them: one slice of the room's state. */
import { number, string } from "./parse";
import type { ChannelName, Heads, RoomEvent } from "./protocol";

export interface PollOption {
  id: string;
  text: string;
}

export interface Poll {
  id: string;
  kind: "single" | "multiple" | "rating" | string;
  text: string;
  lang: string;
  options: PollOption[];
  state: "draft" | "open" | "closed" | string;
  results: "live" | "closed" | string;
  revision: number;
  opened_at: number | null;
  /** How many answered, and how often each option was chosen; null while that may not be seen. */
  answers: number | null;
  counts: Record<string, number> | null;
}

export interface Hand {
  id: string;
  state: string;
  revision: number;
  raised_at: number;
  name: string | null;
  country: string | null;
}

export interface Announcement {
  id: string;
  text: string;
  lang: string;
  at: number;
  until: number | null;
}

export interface Message {
  id: string;
  text: string;
  lang: string;
  at: number;
  author: string | null;
  country: string | null;
  crew: boolean;
}

/** Who is there of one country and organisation: registered persons, and people at their screens. */
export interface Group {
  country: string | null;
  organisation: string;
  persons: number;
  heads: number;
}

export interface AudienceState {
  /** As everyone may see them. */
  polls: ReadonlyMap<string, Poll>;
  /** With drafts and counts; only the crew has them. */
  desk: ReadonlyMap<string, Poll>;
  /** What this person chose, by poll. */
  answers: ReadonlyMap<string, readonly string[]>;
  hand: "down" | "up" | "called" | string;
  hands: ReadonlyMap<string, Hand>;
  announcements: ReadonlyMap<string, Announcement>;
  chat: ReadonlyMap<string, Message>;
  crewChat: ReadonlyMap<string, Message>;
  /** Messages that this person wrote, as far as this page knows. */
  own: ReadonlySet<string>;
  groups: readonly Group[];
}

export const EMPTY_AUDIENCE: AudienceState = {
  polls: new Map(),
  desk: new Map(),
  answers: new Map(),
  hand: "down",
  hands: new Map(),
  announcements: new Map(),
  chat: new Map(),
  crewChat: new Map(),
  own: new Set(),
  groups: [],
};

/** Messages that a page keeps; the log has all of them. */
const KEPT = 300;

export function audienceSnapshot(
  state: AudienceState,
  channel: ChannelName,
  data: Record<string, unknown>,
): AudienceState {
  if (channel === "staff") {
    return {
      ...state,
      desk: mapOf(data.polls, pollOf),
      hands: mapOf(data.hands, handOf),
      crewChat: mapOf(data.crew_chat, messageOf),
    };
  }
  if (channel === "person") {
    const answers = Object.entries((data.poll_answers as Record<string, unknown>) ?? {});
    return {
      ...state,
      answers: new Map(answers.map(([id, chosen]) => [id, strings(chosen)])),
      hand: string(data.hand) ?? "down",
      own: new Set(strings(data.own_messages)),
    };
  }
  return {
    ...state,
    polls: mapOf(data.polls, pollOf),
    announcements: mapOf(data.announcements, announcementOf),
    chat: mapOf(data.chat, messageOf),
  };
}

/** The slice after an event; the same one when the event is about something else. */
export function audienceEvent(state: AudienceState, channel: ChannelName, event: RoomEvent): AudienceState {
  const { data, kind } = event;
  const id = string(data.id) ?? "";
  switch (kind) {
    case "poll.answered":
      return {
        ...state,
        answers: new Map(state.answers).set(string(data.poll) ?? "", strings(data.choices)),
      };
    case "poll.removed":
      return { ...state, polls: without(state.polls, id), desk: without(state.desk, id) };
    case "hand.raised":
    case "hand.called":
    case "hand.lowered": {
      if (channel !== "staff") return { ...state, hand: string(data.state) ?? "down" };
      const hand = handOf(data.hand);
      const gone = !hand || hand.state === "down";
      return { ...state, hands: gone ? without(state.hands, hand?.id ?? id) : put(state.hands, hand) };
    }
    case "announcement.posted": {
      const posted = announcementOf(data.announcement);
      return posted ? { ...state, announcements: put(state.announcements, posted) } : state;
    }
    case "announcement.withdrawn":
      return { ...state, announcements: without(state.announcements, id) };
    case "chat.said": {
      const message = messageOf(data.message);
      if (!message) return state;
      if (channel === "staff") return { ...state, crewChat: newest(put(state.crewChat, message)) };
      return { ...state, chat: newest(put(state.chat, message)) };
    }
    case "chat.removed":
      return { ...state, chat: without(state.chat, id), crewChat: without(state.crewChat, id) };
  }
  const poll = kind.startsWith("poll.") ? pollOf(data.poll) : null;
  if (!poll) return state;
  return channel === "staff"
    ? { ...state, desk: put(state.desk, poll) }
    : { ...state, polls: put(state.polls, poll) };
}

/** Counts of open polls, and who is there: the newest heartbeat holds. */
export function audienceHeads(state: AudienceState, heads: Heads): AudienceState {
  const { crew, polls } = heads;
  if (!crew && !polls) return state;
  return {
    ...state,
    polls: counted(state.polls, polls),
    desk: counted(state.desk, crew?.polls),
    groups: Array.isArray(crew?.groups)
      ? crew.groups.map(groupOf).filter((one) => one !== null)
      : state.groups,
  };
}

/** This page sent a message and was told its id. */
export function ownMessage(state: AudienceState, id: string): AudienceState {
  return { ...state, own: new Set(state.own).add(id) };
}

/** The poll that is open, or the newest that was closed; null when none was shown. */
export function currentPoll(state: AudienceState): Poll | null {
  const shown = [...state.polls.values()];
  const open = shown.find((poll) => poll.state === "open");
  return open ?? shown.sort((a, b) => (b.opened_at ?? 0) - (a.opened_at ?? 0))[0] ?? null;
}

function counted(polls: ReadonlyMap<string, Poll>, told: unknown): ReadonlyMap<string, Poll> {
  if (typeof told !== "object" || told === null) return polls;
  const next = new Map(polls);
  for (const [id, value] of Object.entries(told as Record<string, Record<string, unknown>>)) {
    const poll = next.get(id);
    const counts = countsOf(value?.counts);
    if (poll?.state === "open" && counts)
      next.set(id, { ...poll, counts, answers: number(value.answers) ?? 0 });
  }
  return next;
}

function newest(messages: ReadonlyMap<string, Message>): ReadonlyMap<string, Message> {
  return messages.size <= KEPT ? messages : new Map([...messages].slice(-KEPT));
}

function put<T extends { id: string }>(list: ReadonlyMap<string, T>, item: T): ReadonlyMap<string, T> {
  return new Map(list).set(item.id, item);
}

function without<T>(list: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  if (!list.has(id)) return list;
  const next = new Map(list);
  next.delete(id);
  return next;
}

function mapOf<T extends { id: string }>(
  value: unknown,
  read: (one: unknown) => T | null,
): ReadonlyMap<string, T> {
  const items = Array.isArray(value) ? value.map(read).filter((one) => one !== null) : [];
  return new Map(items.map((item) => [item.id, item]));
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

type Fields = Record<string, unknown>;

function fields(value: unknown): (Fields & { id: string }) | null {
  if (typeof value !== "object" || value === null) return null;
  const read = value as Fields;
  return typeof read.id === "string" ? (read as Fields & { id: string }) : null;
}

function pollOf(value: unknown): Poll | null {
  const p = fields(value);
  if (!p) return null;
  const options = Array.isArray(p.options) ? p.options.map(fields).filter((one) => one !== null) : [];
  return {
    id: p.id,
    kind: string(p.kind) ?? "single",
    text: string(p.text) ?? "",
    lang: string(p.lang) ?? "",
    options: options.map((one) => ({ id: one.id, text: string(one.text) ?? "" })),
    state: string(p.state) ?? "open",
    results: string(p.results) ?? "closed",
    revision: number(p.revision) ?? 0,
    opened_at: number(p.opened_at),
    answers: number(p.answers),
    counts: countsOf(p.counts),
  };
}

function countsOf(value: unknown): Record<string, number> | null {
  if (typeof value !== "object" || value === null) return null;
  return Object.fromEntries(Object.entries(value).filter(([, count]) => typeof count === "number"));
}

function handOf(value: unknown): Hand | null {
  const h = fields(value);
  if (!h) return null;
  return {
    id: h.id,
    state: string(h.state) ?? "up",
    revision: number(h.revision) ?? 0,
    raised_at: number(h.raised_at) ?? 0,
    name: string(h.name),
    country: string(h.country),
  };
}

function announcementOf(value: unknown): Announcement | null {
  const a = fields(value);
  if (!a) return null;
  return {
    id: a.id,
    text: string(a.text) ?? "",
    lang: string(a.lang) ?? "",
    at: number(a.at) ?? 0,
    until: number(a.until),
  };
}

function messageOf(value: unknown): Message | null {
  const m = fields(value);
  if (!m) return null;
  return {
    id: m.id,
    text: string(m.text) ?? "",
    lang: string(m.lang) ?? "",
    at: number(m.at) ?? 0,
    author: string(m.author),
    country: string(m.country),
    crew: m.crew === true,
  };
}

function groupOf(value: unknown): Group | null {
  if (typeof value !== "object" || value === null) return null;
  const g = value as Fields;
  return {
    country: string(g.country),
    organisation: string(g.organisation) ?? "",
    persons: number(g.persons) ?? 0,
    heads: number(g.heads) ?? 0,
  };
}
