/** Reading values that came over the line: what does not have the expected form is nothing, never an exception. */
import type { TourDocument } from "../viewer/document";
import type {
  Canned,
  CaptionLine,
  Guide,
  HouseRules,
  Question,
  Stop,
  Text,
  Texts,
  TourOffer,
  ViewFrame,
} from "./protocol";

export function string(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function isText(value: unknown): value is Text {
  return typeof value === "object" && value !== null && typeof (value as Text).value === "string";
}

/** A question in full, bare or under the key `question`. */
export function questionOf(data: unknown): Question | null {
  if (typeof data !== "object" || data === null) return null;
  const nested = (data as Record<string, unknown>).question;
  const raw = typeof nested === "object" && nested !== null ? nested : data;
  const q = raw as Record<string, unknown>;
  const id = string(q.id);
  if (!id || typeof q.text !== "string") return null;
  const question: Question = {
    id,
    text: q.text,
    state: (string(q.state) ?? "pending") as Question["state"],
    revision: number(q.revision) ?? 0,
    asked_at: number(q.asked_at) ?? 0,
    votes: number(q.votes) ?? 0,
    author: string(q.author),
    country: string(q.country),
    lang: string(q.lang) ?? "",
    order: number(q.order) ?? 0,
  };
  if (string(q.reason)) question.reason = string(q.reason);
  if (typeof q.anonymous === "boolean") question.anonymous = q.anonymous;
  if (typeof q.edited === "boolean") question.edited = q.edited;
  if (typeof q.pinned === "boolean") question.pinned = q.pinned;
  if (typeof q.blocked === "boolean") question.blocked = q.blocked;
  if ("translations" in q) question.translations = textsOf(q.translations);
  if ("original" in q) question.original = string(q.original);
  if ("answer" in q) question.answer = string(q.answer);
  if ("merged_into" in q) question.merged_into = string(q.merged_into);
  if ("priority" in q) question.priority = number(q.priority) ?? 0;
  if ("next_position" in q) question.next_position = number(q.next_position);
  if (Array.isArray(q.labels)) question.labels = q.labels.filter((label) => typeof label === "string");
  if ("assigned" in q) question.assigned = guideOf(q.assigned);
  return question;
}

export function guideOf(value: unknown): Guide | null {
  if (typeof value !== "object" || value === null) return null;
  const { id, name } = value as Record<string, unknown>;
  return typeof id === "string" ? { id, name: string(name) ?? "" } : null;
}

/** A guide's script, without stops that are none. */
export function scriptOf(value: unknown): Stop[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((stop) => typeof stop?.scene === "string")
    .map((stop: Record<string, unknown>) => ({
      scene: string(stop.scene) ?? "",
      yaw: number(stop.yaw),
      pitch: number(stop.pitch),
      fov: number(stop.fov),
      note: string(stop.note) ?? "",
      minutes: number(stop.minutes),
    }));
}

export function cannedOf(value: unknown): Canned[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((one) => typeof one?.id === "string")
    .map((one) => ({
      id: one.id,
      kind: string(one.kind) ?? "answer",
      texts: textsOf(one.texts),
      own: one.own === true,
    }));
}

/** Who works on which question. */
export function holdsOf(value: unknown): ReadonlyMap<string, Guide[]> {
  if (typeof value !== "object" || value === null) return new Map();
  return new Map(
    Object.entries(value).map(([id, who]) => [
      id,
      (Array.isArray(who) ? who : []).map(guideOf).filter((one) => one !== null),
    ]),
  );
}

export function captionOf(value: unknown): CaptionLine | null {
  if (typeof value !== "object" || value === null) return null;
  const c = value as Record<string, unknown>;
  const id = string(c.id);
  return id ? { id, text: string(c.text) ?? "", lang: string(c.lang) ?? "", at: number(c.at) ?? 0 } : null;
}

/** The room's rules; null when these are none. */
export function rulesOf(value: unknown): HouseRules | null {
  if (typeof value !== "object" || value === null) return null;
  const r = value as Record<string, unknown>;
  const revision = number(r.revision);
  if (revision === null) return null;
  return {
    premoderated: r.premoderated !== false,
    question_slow_seconds: number(r.question_slow_seconds) ?? 0,
    questions_locked: r.questions_locked === true,
    chat: string(r.chat) ?? "off",
    chat_slow_seconds: number(r.chat_slow_seconds) ?? 0,
    reactions_on: r.reactions_on !== false,
    revision,
  };
}

/** Tour documents, without what is none; null when it isn't a list. */
export function toursOf(value: unknown): TourDocument[] | null {
  return Array.isArray(value) ? value.filter(isTour) : null;
}

function isTour(value: unknown): value is TourDocument {
  if (typeof value !== "object" || value === null) return false;
  const tour = value as Record<string, unknown>;
  return Array.isArray(tour.scenes) && isText(tour.name);
}

export function offerOf(value: unknown): TourOffer | null {
  if (typeof value !== "object" || value === null) return null;
  const o = value as Record<string, unknown>;
  const site = string(o.site);
  const revision = string(o.revision);
  const count = number(o.number);
  if (!site || !revision || count === null) return null;
  const gone = Array.isArray(o.scenes_gone) ? o.scenes_gone : [];
  return {
    site,
    slug: string(o.slug) ?? "",
    name: textsOf(o.name),
    revision,
    number: count,
    kind: string(o.kind) ?? "publish",
    scenes_gone: gone.map((one) => ({ id: string(one?.id) ?? "", title: textsOf(one?.title) })),
  };
}

export function offersOf(value: unknown): TourOffer[] {
  if (!Array.isArray(value)) return [];
  return value.map(offerOf).filter((offer) => offer !== null);
}

function textsOf(value: unknown): Texts {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === "string"));
}

export function questionsOf(value: unknown): Question[] {
  if (!Array.isArray(value)) return [];
  return value.map(questionOf).filter((question) => question !== null);
}

/** A view; `t` is the instant to assume when it carries none. */
export function viewOf(value: unknown, t: number): ViewFrame | null {
  if (typeof value !== "object" || value === null) return null;
  const v = value as Record<string, unknown>;
  const scene = string(v.scene);
  const yaw = number(v.yaw);
  const pitch = number(v.pitch);
  if (!scene || yaw === null || pitch === null) return null;
  const frame: ViewFrame = { scene, yaw, pitch, fov: number(v.fov) ?? 70, t: number(v.t) ?? t };
  const by = string(v.by);
  if (by) frame.by = by;
  return frame;
}
