/**
 * What travels between a room's page and the server (Socket.IO namespace `/live`).
 *
 * Angles are degrees; instants are milliseconds of the server's clock since 1970.
 * Channels `public`, `person` and `staff` each have their own gapless `seq`.
 */

import type { SceneView, Text, ViewFrame } from "../viewer/document";

export type { SceneView, Text, ViewFrame };

export type Role = "participant" | "host";
export type ChannelName = "public" | "person" | "staff";

export type QuestionStatus =
  | "pending"
  | "approved"
  | "live"
  | "answered"
  | "declined"
  | "withdrawn"
  | "merged";

export interface Question {
  id: string;
  text: string;
  state: QuestionStatus;
  revision: number;
  asked_at: number;
  votes: number;
  author: string | null;
  country: string | null;
  lang: string;
  /** The `seq` of the approval: everyone sees approved questions in this order. */
  order: number;
  /** Why it was declined; only its author and the crew receive it. */
  reason?: string | null;
  /** True when its author asked without a name; the crew sees that too. */
  anonymous?: boolean;
  /** The crew put it into other words; its author and the crew have both. */
  edited?: boolean;
  original?: string | null;
  pinned?: boolean;
  /** What was answered in writing. */
  answer?: string | null;
  /** The question that it was joined with. */
  merged_into?: string | null;
  /** The crew's alone: 0 as the others, 1 soon, 2 first. */
  priority?: number;
  labels?: string[];
  assigned?: Guide | null;
  /** Its place among the next ones of the speaker. */
  next_position?: number | null;
  /** Nothing more is taken from who asked. */
  blocked?: boolean;
  /** The crew's translations, by BCP 47 tag. */
  translations?: Record<string, string>;
}

/** Words that the crew uses again and again, by gettext name of the language. */
export interface Canned {
  id: string;
  kind: "reason" | "answer" | string;
  texts: Texts;
  /** Of this session alone: it can be taken away. */
  own: boolean;
}

/** The room's own rules; a change names the revision it saw. */
export interface HouseRules {
  premoderated: boolean;
  question_slow_seconds: number;
  questions_locked: boolean;
  chat: "off" | "on" | "locked" | string;
  chat_slow_seconds: number;
  reactions_on: boolean;
  revision: number;
}

export interface Guide {
  id: string;
  name: string;
  /** True when the part came to them because the line of the guide before was cut. */
  dropped?: boolean;
  /** True when the guide before gave it to them. */
  passed?: boolean;
}

export type RoomStatus = "closed" | "open" | "ended";

export interface RoomStatusInfo {
  state: RoomStatus;
  opened_at: number | null;
  ended_at: number | null;
}

/** The JSON that the page carries in `#room`. Everything after `lang` may be missing. */
export interface RoomData {
  ticket: string;
  role: Role;
  lang: string;
  session: SessionInfo;
  /** "main", or "rehearsal" where the crew is alone. */
  room?: string;
  /** What this person of the crew is, and may do. */
  crew_role?: string;
  may?: string[];
  me: { name: string; actor: string; registration?: string; user?: string };
  state?: RoomStatus;
  poster?: string | null;
  languages?: { lang: string; label: string; url: string }[];
  links?: { leave?: string; session?: string; register?: string };
}

export interface SessionInfo {
  slug: string;
  title: Text;
  kind: string;
  starts_at: number;
  ends_at: number | null;
  sound_url: string | null;
  /** IANA zone in which the session was planned. */
  zone: string;
  contact?: { name: string; email: string } | null;
}

/** One fact of the room's log. */
export interface RoomEvent {
  seq: number;
  kind: string;
  at: number;
  data: Record<string, unknown>;
}

export interface Joined {
  role: Role;
  room: { id: string; name: string };
  channels: ChannelName[];
  now: number;
  device: string;
  heartbeat_s: number;
  /** How many other devices are there with this link, and the colleague whose device this is. */
  other_devices?: number;
  companion?: string | null;
}

export interface Snapshot {
  channel: ChannelName;
  seq: number;
  state: Record<string, unknown>;
}

/** Documents of the room's tours, sent when they are others than the page has. */
export interface Tours {
  tour: unknown[];
}

/** A text in all its languages, by gettext name. */
export type Texts = Record<string, string>;

/** A newer tour of a site than the room shows; only the crew hears of it. */
export interface TourOffer {
  site: string;
  slug: string;
  name: Texts;
  revision: string;
  number: number;
  kind: "publish" | "rollback" | "withdrawal" | string;
  scenes_gone: { id: string; title: Texts }[];
}

export interface EventPage {
  channel: ChannelName;
  events: RoomEvent[];
  more: boolean;
}

export interface Frame {
  events?: Partial<Record<ChannelName, RoomEvent[]>>;
  view?: ViewFrame;
  /** What the guide points at. */
  pointer?: PointerFrame;
  /** How often each reaction came since the last frame that had some. */
  reactions?: Record<string, number>;
}

/** Who is there: `heads` counts people at the screens, `persons` names, `connections` screens. */
export interface Presence {
  connections: number;
  persons: number;
  heads: number;
  guides: number;
  /** Delegates' screens that look around freely. */
  free: number;
}

/** A spot in the picture, degrees; older than the last by `t` it means nothing. */
export interface PointerFrame {
  on: boolean;
  t: number;
  scene?: string;
  yaw?: number;
  pitch?: number;
}

/** A line of what is said. */
export interface CaptionLine {
  id: string;
  text: string;
  lang: string;
  at: number;
}

/** One stop of the guide's script; without a view it is the scene's start view. */
export interface Stop {
  scene: string;
  yaw: number | null;
  pitch: number | null;
  fov: number | null;
  note: string;
  minutes: number | null;
}

export interface Heads extends Partial<Record<ChannelName, number>> {
  now: number;
  presence?: Presence;
  tallies?: Record<string, number>;
  /** Counts of open polls whose result everyone may see, by id. */
  polls?: Record<string, unknown>;
  /** The crew's alone: counts of all open polls, and who is there by country. */
  crew?: {
    polls?: Record<string, unknown>;
    groups?: unknown[];
    able?: unknown[];
    holds?: Record<string, unknown>;
  };
}

export interface Command {
  id: string;
  name: string;
  args: Record<string, unknown>;
}

export type ErrorCode =
  | "conflict"
  | "forbidden"
  | "invalid"
  | "rate_limited"
  | "not_found"
  | "unknown_command";

export interface CommandError {
  code: ErrorCode | string;
  message: string;
  field?: string | null;
  state?: Record<string, unknown>;
}

export type Ack = { ok: true; result?: Record<string, unknown> } | { ok: false; error: CommandError };

/** Why the server refused or ended a connection. */
export interface Refusal {
  code: string;
  message: string;
}
