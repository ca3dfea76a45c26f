/**
 * The room as this page knows it: facts go in, a new state comes out. No effects, no clock, no DOM.
 */

import type { TourDocument } from "../viewer/document";
import {
  cannedOf,
  captionOf,
  guideOf,
  holdsOf,
  number,
  offerOf,
  offersOf,
  questionOf,
  questionsOf,
  rulesOf,
  scriptOf,
  string,
  toursOf,
  viewOf,
} from "./parse";
import type {
  Canned,
  CaptionLine,
  ChannelName,
  Guide,
  Heads,
  HouseRules,
  Presence,
  Question,
  QuestionStatus,
  RoomEvent,
  RoomStatusInfo,
  Stop,
  TourOffer,
  ViewFrame,
} from "./protocol";
import {
  type AudienceState,
  audienceEvent,
  audienceHeads,
  audienceSnapshot,
  EMPTY_AUDIENCE,
  ownMessage,
} from "./state-audience";

export interface RoomState {
  /** True once the public snapshot was read. */
  ready: boolean;
  room: RoomStatusInfo;
  guide: Guide | null;
  view: ViewFrame | null;
  tour: TourDocument[];
  /** What everyone may see. */
  questions: ReadonlyMap<string, Question>;
  /** The person's own questions, in whatever state. */
  mine: ReadonlyMap<string, Question>;
  /** Every question in full; only the crew's page has them. */
  staff: ReadonlyMap<string, Question>;
  /** Questions that this person has voted for. */
  votes: ReadonlySet<string>;
  presence: Presence | null;
  /** The room's own rules; null until the server told them. */
  rules: HouseRules | null;
  /** The newest tour that was offered for each site, also when it is shown already; only the crew has them. */
  offers: ReadonlyMap<string, TourOffer>;
  /** Polls, hands, announcements, messages. */
  audience: AudienceState;
  /** The point that the guide holds open. */
  hotspot: string | null;
  /** The last lines of what was said, the newest last. */
  captions: readonly CaptionLine[];
  /** Ready words, and who works on which question; only the crew has them. */
  canned: readonly Canned[];
  holds: ReadonlyMap<string, readonly Guide[]>;
  /** The guide's script; only the crew has it. */
  script: readonly Stop[];
  /** Who of the crew is there and may guide; only the crew knows. */
  able: readonly Guide[];
}

/** Lines of captions that are kept: those that are shown. */
const CAPTIONS = 3;

export const EMPTY: RoomState = {
  ready: false,
  room: { state: "closed", opened_at: null, ended_at: null },
  guide: null,
  view: null,
  tour: [],
  questions: new Map(),
  mine: new Map(),
  staff: new Map(),
  votes: new Set(),
  presence: null,
  rules: null,
  offers: new Map(),
  audience: EMPTY_AUDIENCE,
  hotspot: null,
  captions: [],
  canned: [],
  holds: new Map(),
  script: [],
  able: [],
};

/** Replaces what one channel knows by the server's statement of it. */
export function applySnapshot(
  state: RoomState,
  channel: ChannelName,
  data: Record<string, unknown>,
): RoomState {
  const questions = byId(questionsOf(data.questions));
  const audience = audienceSnapshot(state.audience, channel, data);
  if (channel === "staff") {
    const offers = new Map(offersOf(data.offers).map((offer) => [offer.site, offer]));
    return {
      ...state,
      staff: questions,
      offers,
      audience,
      script: scriptOf(data.script),
      canned: cannedOf(data.canned),
    };
  }
  if (channel === "person") {
    const votes = Array.isArray(data.votes) ? data.votes.filter((id) => typeof id === "string") : [];
    return { ...state, mine: questions, votes: new Set(votes), audience };
  }
  const live = string(data.live_question);
  const marked = live ? markLive(questions, live) : questions;
  const room = data.room as Partial<RoomStatusInfo> | undefined;
  return {
    ...state,
    ready: true,
    room: {
      state: room?.state ?? "closed",
      opened_at: room?.opened_at ?? null,
      ended_at: room?.ended_at ?? null,
    },
    guide: guideOf(data.guide),
    view: newer(state.view, viewOf(data.view, 0)),
    tour: toursOf(data.tour) ?? state.tour,
    questions: marked,
    rules: rulesOf(data.rules) ?? state.rules,
    audience,
    hotspot: string(data.hotspot),
    captions: (Array.isArray(data.captions) ? data.captions : [])
      .map(captionOf)
      .filter((one) => one !== null),
  };
}

/** Takes the next event of a channel. Kinds that this release does not know change nothing. */
export function applyEvent(state: RoomState, channel: ChannelName, event: RoomEvent): RoomState {
  const audience = audienceEvent(state.audience, channel, event);
  if (audience !== state.audience) return { ...state, audience };
  if (channel === "staff") return staffEvent(state, event);
  if (channel === "person") return personEvent(state, event);
  return publicEvent(state, event);
}

/** Presence and tallies carry no `seq`: the newest heartbeat holds. */
export function applyHeads(state: RoomState, heads: Heads): RoomState {
  const presence = heads.presence ?? state.presence;
  const audience = audienceHeads(state.audience, heads);
  const able = Array.isArray(heads.crew?.able)
    ? heads.crew.able.map(guideOf).filter((one) => one !== null)
    : state.able;
  const holds = heads.crew?.holds ? holdsOf(heads.crew.holds) : state.holds;
  if (!heads.tallies) return { ...state, presence, audience, able, holds };
  let { questions, staff, mine } = state;
  for (const [id, votes] of Object.entries(heads.tallies)) {
    questions = patch(questions, id, { votes });
    staff = patch(staff, id, { votes });
    mine = patch(mine, id, { votes });
  }
  return { ...state, presence, audience, able, holds, questions, staff, mine };
}

/** The person's vote was acknowledged; the count is corrected by the next heartbeat. */
export function applyVote(state: RoomState, question: string, on: boolean, count?: number): RoomState {
  if (state.votes.has(question) === on && count === undefined) return state;
  const votes = new Set(state.votes);
  if (on) votes.add(question);
  else votes.delete(question);
  const old = state.questions.get(question)?.votes ?? 0;
  const step = state.votes.has(question) === on ? 0 : on ? 1 : -1;
  const next = count ?? Math.max(0, old + step);
  return { ...state, votes, questions: patch(state.questions, question, { votes: next }) };
}

/** The person's answer was acknowledged. */
export function applyAnswer(state: RoomState, poll: string, choices: readonly string[]): RoomState {
  const { audience } = state;
  return { ...state, audience: { ...audience, answers: new Map(audience.answers).set(poll, choices) } };
}

/** A message of this page was acknowledged under this id. */
export function applyOwnMessage(state: RoomState, id: string): RoomState {
  return { ...state, audience: ownMessage(state.audience, id) };
}

/** The room's tours are these now (`tour.changed` says only which). */
export function applyTours(state: RoomState, data: unknown): RoomState {
  const tour = toursOf(data);
  return tour ? { ...state, tour } : state;
}

/** A newer tour of a site; one that is older than the known one changes nothing. */
export function applyOffer(state: RoomState, data: unknown): RoomState {
  const offer = offerOf(data);
  if (!offer || (state.offers.get(offer.site)?.number ?? 0) >= offer.number) return state;
  return { ...state, offers: new Map(state.offers).set(offer.site, offer) };
}

/** The volatile view of the guide; an older frame than the known one is dropped. */
export function applyView(state: RoomState, frame: ViewFrame): RoomState {
  const view = newer(state.view, frame);
  return view === state.view ? state : { ...state, view };
}

function publicEvent(state: RoomState, event: RoomEvent): RoomState {
  const { data, kind } = event;
  switch (kind) {
    case "room.opened":
    case "room.reopened":
      return { ...state, room: { state: "open", opened_at: event.at, ended_at: null } };
    case "room.ended":
      return { ...state, room: { ...state.room, state: "ended", ended_at: event.at } };
    case "guide.changed": {
      // Another guide has another clock: whatever comes next is newer than what the last one showed.
      const view = state.view && { ...state.view, t: Math.min(state.view.t, event.at) };
      const guide = guideOf(data.guide);
      if (guide && data.how === "dropped") guide.dropped = true;
      if (guide && data.how === "passed") guide.passed = true;
      return { ...state, guide, view };
    }
    case "guide.scene": {
      const view = viewOf(data, event.at);
      const closed = { ...state, hotspot: null };
      return view ? applyView(closed, view) : closed;
    }
    case "guide.hotspot":
      return { ...state, hotspot: string(data.hotspot) };
    case "caption.said": {
      const line = captionOf(data.caption);
      return line ? { ...state, captions: [...state.captions, line].slice(-CAPTIONS) } : state;
    }
    case "room.rules":
      return { ...state, rules: rulesOf(data) ?? state.rules };
  }
  return { ...state, questions: questionEvent(state.questions, event, false) };
}

function personEvent(state: RoomState, event: RoomEvent): RoomState {
  if (event.kind === "vote") {
    const id = string(event.data.question);
    return id ? applyVote(state, id, event.data.on === true) : state;
  }
  return { ...state, mine: questionEvent(state.mine, event, true) };
}

function staffEvent(state: RoomState, event: RoomEvent): RoomState {
  if (event.kind === "canned.changed") return { ...state, canned: cannedOf(event.data.replies) };
  if (event.kind === "script.changed") return { ...state, script: scriptOf(event.data.script) };
  if (event.kind === "tour.offered") return applyOffer(state, event.data);
  if (event.kind === "person.blocked" || event.kind === "person.unblocked") {
    const blocked = event.kind === "person.blocked";
    const ids = Array.isArray(event.data.questions) ? event.data.questions : [];
    return { ...state, staff: ids.reduce((list, id) => patch(list, String(id), { blocked }), state.staff) };
  }
  return { ...state, staff: questionEvent(state.staff, event, true) };
}

const STATES: Record<string, QuestionStatus> = {
  "question.asked": "pending",
  "question.pending": "pending",
  "question.approved": "approved",
  "question.unlive": "approved",
  "question.unlived": "approved",
  "question.live": "live",
  "question.answered": "answered",
  "question.declined": "declined",
  "question.withdrawn": "withdrawn",
  "question.merged": "merged",
};

/** States in which everyone sees a question. */
const SHOWN: ReadonlySet<QuestionStatus> = new Set(["approved", "live", "answered"]);

/** A list after a question changed; `keepAll` keeps those that not everyone sees (own and crew's lists). */
function questionEvent(
  list: ReadonlyMap<string, Question>,
  event: RoomEvent,
  keepAll: boolean,
): ReadonlyMap<string, Question> {
  const status = STATES[event.kind];
  const full = questionOf(event.data);
  const id = full?.id ?? string(event.data.id);
  if (!id || (!status && !full)) return list;
  const known = list.get(id);
  const state = full?.state ?? status ?? "pending";
  if (state === "withdrawn" || (!keepAll && !SHOWN.has(state))) return without(list, id);
  const change: Partial<Question> = { ...full, state };
  const revision = number(event.data.revision);
  if (revision !== null) change.revision = revision;
  const reason = string(event.data.reason);
  if (reason !== null) change.reason = reason;
  const into = string(event.data.into);
  if (into !== null) change.merged_into = into;
  if (!known && !full) return list;
  const base = known ?? (full as Question);
  const order = full?.order || known?.order || event.seq;
  const next = new Map(list).set(id, { ...base, ...change, order });
  return state === "live" ? markLive(next, id) : next;
}

/** One question at most is being answered: another one that still says so is back among the approved. */
function markLive(list: ReadonlyMap<string, Question>, id: string): ReadonlyMap<string, Question> {
  const next = new Map(list);
  for (const [other, question] of list) {
    if (other === id) next.set(other, { ...question, state: "live" });
    else if (question.state === "live") next.set(other, { ...question, state: "approved" });
  }
  return next;
}

function patch(
  list: ReadonlyMap<string, Question>,
  id: string,
  change: Partial<Question>,
): ReadonlyMap<string, Question> {
  const question = list.get(id);
  if (!question) return list;
  return new Map(list).set(id, { ...question, ...change });
}

function without(list: ReadonlyMap<string, Question>, id: string): ReadonlyMap<string, Question> {
  if (!list.has(id)) return list;
  const next = new Map(list);
  next.delete(id);
  return next;
}

function byId(list: Question[]): ReadonlyMap<string, Question> {
  return new Map(list.map((question) => [question.id, question]));
}

function newer(old: ViewFrame | null, next: ViewFrame | null): ViewFrame | null {
  if (!next) return old;
  return old && old.t > next.t ? old : next;
}
