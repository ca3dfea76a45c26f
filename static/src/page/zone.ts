import { readCookie, writeCookie } from "../cookies";
import { find, findAll, h, on } from "../dom";
import { _ } from "../i18n";

/** The zone in which the server writes times. */
const ZONE_COOKIE = "tz";
/** Present when the person chose the zone by hand: then the device's zone is not taken. */
const CHOSEN_COOKIE = "tz_chosen";

/**
 * Tells the server the viewer's time zone and keeps the chooser.
 *
 * The server alone converts times, because its zone rules are newer than most browsers'. When the zone was not known
 * while the page was made, the page's times are fetched once more and put in place.
 */
export async function enhanceZone(): Promise<void> {
  const device = deviceZone();
  const rendered = document.documentElement.dataset.zone ?? "";
  if (device && !readCookie(CHOSEN_COOKIE)) writeCookie(ZONE_COOKIE, device);
  fillChooser(device);
  const wanted = readCookie(ZONE_COOKIE);
  if (wanted && rendered && wanted !== rendered) await refreshTimes();
  warnAboutOffsets();
}

/** The zone of this device, or null where the browser does not say. */
export function deviceZone(): string | null {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || null;
  } catch {
    return null;
  }
}

/** Fetches this page again and exchanges the marked blocks, which hold the times, one by one. */
async function refreshTimes(): Promise<void> {
  const here = findAll("[data-times]");
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const there = findAll("[data-times]", page);
    if (there.length === here.length) {
      for (const [i, block] of here.entries()) {
        const fresh = there[i];
        if (fresh) block.replaceWith(document.adoptNode(fresh));
      }
    }
    const zone = page.documentElement.dataset.zone;
    if (zone) document.documentElement.dataset.zone = zone;
    const [name, fresh] = [find("[data-zone-name]"), find("[data-zone-name]", page)];
    if (name && fresh) name.textContent = fresh.textContent;
    const [input, told] = [
      find<HTMLInputElement>("#zone-input"),
      find<HTMLInputElement>("#zone-input", page),
    ];
    if (input && told) input.value = told.getAttribute("value") ?? input.value;
  } catch {
    // The times on the page are right, in the zone that is written beside them.
  }
}

/** The chooser: every zone that the browser knows, and the device's own with one press. */
function fillChooser(device: string | null): void {
  const form = find<HTMLFormElement>("form[data-zone-form]");
  const input = form && find<HTMLInputElement>("input[name=zone]", form);
  const list = form && find<HTMLDataListElement>("datalist", form);
  if (!form || !input || !list) return;
  const known = zoneNames();
  if (known.length > 0) list.replaceChildren(...known.map((name) => h("option", { value: name })));
  on(form, "submit", (event) => {
    const typed = input.value.trim();
    const match = known.find((name) => name.toLowerCase() === typed.toLowerCase());
    // A zone that the browser does not know is sent to the server, which may know it.
    if (known.length > 0 && match) {
      event.preventDefault();
      writeCookie(ZONE_COOKIE, match);
      writeCookie(CHOSEN_COOKIE, "1");
      location.reload();
    }
  });
  const own = find<HTMLButtonElement>("button[data-zone-device]", form);
  if (own && device) {
    own.hidden = false;
    on(own, "click", () => {
      writeCookie(CHOSEN_COOKIE, null);
      writeCookie(ZONE_COOKIE, device);
      location.reload();
    });
  }
}

function zoneNames(): string[] {
  const intl = Intl as typeof Intl & { supportedValuesOf?: (key: string) => string[] };
  return intl.supportedValuesOf?.("timeZone") ?? [];
}

/** Minutes that a zone is ahead of UTC at a moment, by the browser's own rules; null when it does not know the zone. */
export function browserOffset(moment: Date, zone: string): number | null {
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }).formatToParts(moment);
    const part = (type: string) => Number(parts.find((found) => found.type === type)?.value);
    const wall = Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    return Math.round((wall - Math.floor(moment.getTime() / 1000) * 1000) / 60_000);
  } catch {
    return null;
  }
}

/** Minutes of an offset as the server writes it: "UTC+5:30", "UTC−3", "UTC"; null when it is something else. */
export function parseOffset(label: string): number | null {
  const found = /^UTC(?:([+−-])(\d{1,2})(?::(\d{2}))?)?$/.exec(label);
  if (!found) return null;
  const minutes = Number(found[2] ?? 0) * 60 + Number(found[3] ?? 0);
  return found[1] === "+" || minutes === 0 ? minutes : -minutes;
}

/** Where the device's zone rules are out of date, the page says which time is right. */
function warnAboutOffsets(): void {
  const notice = find("#zone-notice");
  if (!notice) return;
  const wrong = findAll<HTMLElement>("time[data-zone][data-offset]").some((time) => {
    const moment = new Date(time.getAttribute("datetime") ?? "");
    const ours = browserOffset(moment, time.dataset.zone ?? "");
    const theirs = parseOffset(time.dataset.offset ?? "");
    return ours !== null && theirs !== null && ours !== theirs;
  });
  if (!wrong) return;
  const text = find("[data-notice-text]", notice);
  if (text) {
    text.textContent = _(
      "The clock rules of this device are out of date for this time zone. The times on this page are right; your calendar may show another hour.",
    );
  }
  notice.hidden = false;
}
