/** Times and counts in the reader's language and zone. */
import { _, ngettext } from "../i18n";
import type { Presence } from "./protocol";

export const SWEDEN = "Europe/Stockholm";

const MINUTE = 60_000;

/** "1:02:03" or "12:31": hours only when there are any; a passed instant is "0:00". */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}

/** The zone of this machine, or Sweden's where the browser does not say. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || SWEDEN;
}

/** "Thu 10 Dec, 14:00" in a zone, in the page's language. */
export function moment(at: number, zone: string, lang = document.documentElement.lang || "en"): string {
  const format = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  });
  return format.format(at);
}

/** "14:07" in a zone. */
export function clockTime(
  at: number,
  zone = ownZone(),
  lang = document.documentElement.lang || "en",
): string {
  const format = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  });
  return format.format(at);
}

/** The calendar day of an instant in a zone, to compare two zones. */
export function day(at: number, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
}

/** "Casablanca" of "Africa/Casablanca". */
export function zoneName(zone: string): string {
  return (zone.split("/").pop() ?? zone).replaceAll("_", " ");
}

/** "31 min left", or null when nothing is left or the end is not known. */
export function timeLeft(now: number, ends: number | null): string | null {
  if (ends === null || ends <= now) return null;
  const minutes = Math.ceil((ends - now) / MINUTE);
  if (minutes > 120) return null;
  return ngettext("{count} min left", "{count} min left", minutes, { count: minutes });
}

/** "5 min over time", for the crew; null while there is time, or where the end is not known. */
export function overTime(now: number, ends: number | null): string | null {
  if (ends === null || ends > now) return null;
  const minutes = Math.floor((now - ends) / MINUTE);
  return ngettext("{count} min over time", "{count} min over time", minutes, { count: minutes });
}

export function people(count: number): string {
  return ngettext("{count} person", "{count} people", count, { count });
}

export function connections(count: number): string {
  return ngettext("{count} connection", "{count} connections", count, { count });
}

/** "5 people · 3 connections": delegates at their screens, then those screens. The crew counts in neither. */
export function presenceText(presence: Presence): string {
  return `${people(presence.heads)} · ${connections(Math.max(0, presence.connections - presence.guides))}`;
}

/** The same with whom else it holds: registered people, and the crew's screens. */
export function presenceDetails(presence: Presence): string {
  const { persons, guides } = presence;
  const registered = ngettext("{count} registered person", "{count} registered people", persons);
  const crew = ngettext("{count} host's connection", "{count} hosts' connections", guides);
  return `${presenceText(presence)} · ${registered} · ${crew}`;
}

/** The English or local name of a country code, or the code itself. */
export function countryName(code: string, lang = document.documentElement.lang || "en"): string {
  try {
    return new Intl.DisplayNames([lang], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

export function languageName(code: string, lang = document.documentElement.lang || "en"): string {
  try {
    return new Intl.DisplayNames([lang], { type: "language" }).of(code.replace("_", "-")) ?? code;
  } catch {
    return code;
  }
}

/** What a question's line says about who asked: name, country, time. */
export function askedBy(question: {
  author: string | null;
  country: string | null;
  asked_at: number;
}): string {
  const parts = [question.author ?? _("Without a name")];
  if (question.country) parts.push(countryName(question.country));
  if (question.asked_at) parts.push(clockTime(question.asked_at));
  return parts.join(" · ");
}
