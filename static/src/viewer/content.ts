/** What the panel shows of each kind of hotspot. */
import { icon } from "../dom";
import { _ } from "../i18n";
import { type Hotspot, kindOf } from "./document";
import { make, writeHtml } from "./dom";
import { hostOf, ownFile, safeUrl, typeAndSize } from "./kinds";

/** Fills `body` with what a hotspot tells and shows. What may not be shown is left out; its words stay. */
export function fill(body: HTMLElement, hotspot: Hotspot): void {
  const words = hotspot.html ? make("div", "tv-panel__words") : null;
  if (words && hotspot.html) writeHtml(words, hotspot.html);
  const parts: (HTMLElement | null)[] = [];
  switch (kindOf(hotspot)) {
    case "picture":
      parts.push(picture(hotspot), words);
      break;
    case "video":
      parts.push(video(hotspot));
      if (words) parts.push(make("h4", "tv-panel__part", _("What is said and shown")), words);
      break;
    case "document":
      parts.push(words, documentLink(hotspot));
      break;
    case "outside":
      parts.push(words, outsideLink(hotspot));
      break;
    default:
      parts.push(words);
  }
  body.replaceChildren(...parts.filter((part) => part !== null));
}

function picture(hotspot: Hotspot): HTMLElement | null {
  const file = ownFile(hotspot.asset);
  if (!file) return null;
  const image = make("img", "tv-panel__picture");
  // The words below it tell what is in it; its name is what one pressed.
  image.alt = hotspot.label.value;
  if (file.width && file.height) {
    image.width = file.width;
    image.height = file.height;
  }
  image.decoding = "async";
  image.src = file.url;
  return image;
}

function video(hotspot: Hotspot): HTMLElement | null {
  const file = ownFile(hotspot.asset);
  if (!file) return null;
  const film = make("video", "tv-panel__video");
  film.controls = true;
  film.preload = "none";
  film.playsInline = true;
  film.setAttribute("aria-label", hotspot.label.value);
  if (file.width && file.height) {
    film.width = file.width;
    film.height = file.height;
  }
  const source = make("source", "");
  source.src = file.url;
  source.type = file.type;
  film.append(source);
  const { captions } = hotspot;
  if (captions?.url.startsWith("/") && !captions.url.startsWith("//")) {
    const track = make("track", "");
    track.kind = "captions";
    track.src = captions.url;
    track.label = _("Captions");
    if (captions.lang) track.srclang = captions.lang;
    track.default = true;
    film.append(track);
  }
  return film;
}

function documentLink(hotspot: Hotspot): HTMLElement | null {
  const file = ownFile(hotspot.asset);
  return file ? link(file.url, "file-text", file.name, typeAndSize(file)) : null;
}

function outsideLink(hotspot: Hotspot): HTMLElement {
  const url = safeUrl(hotspot.url);
  if (!url) return make("p", "tv-panel__refused", _("This point's address can't be followed."));
  const host = hostOf(url.href) ?? "";
  const mail = url.protocol === "mailto:";
  return link(url.href, mail ? "mail" : "external-link", host, null, mail);
}

/** A link that leaves the tour alone: it opens beside it, and says so. */
function link(href: string, sign: string, name: string, detail: string | null, here = false): HTMLElement {
  const anchor = make("a", "tv-panel__link");
  anchor.href = href;
  anchor.rel = "noopener noreferrer";
  const words = make("span", "tv-panel__link-words");
  words.append(make("bdi", "", name));
  if (detail) words.append(make("span", "tv-panel__detail", detail));
  if (!here) {
    anchor.target = "_blank";
    words.append(make("span", "tv-panel__detail", _("opens in a new tab")));
  }
  anchor.append(icon(sign), words);
  const line = make("p", "tv-panel__line");
  line.append(anchor);
  return line;
}
