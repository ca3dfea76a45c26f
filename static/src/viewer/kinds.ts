/** What each kind of hotspot is called, drawn as and allowed to lead to. */
import { _ } from "../i18n";
import { type FileFacts, type Hotspot, type Kind, kindOf } from "./document";

const SIGNS: Record<Kind, string> = {
  link: "arrow-up",
  info: "info",
  picture: "image",
  video: "video",
  document: "file-text",
  outside: "external-link",
};

/** The icon of a hotspot on the picture. */
export function signOf(hotspot: Hotspot): string {
  return SIGNS[kindOf(hotspot)];
}

/** In words what one gets by pressing: "Picture", "Video", "PDF, 2 MB", "example.org". Null where the name says it. */
export function detailOf(hotspot: Hotspot): string | null {
  switch (kindOf(hotspot)) {
    case "picture":
      return _("Picture");
    case "video":
      return _("Video");
    case "document":
      return hotspot.asset ? typeAndSize(hotspot.asset) : _("Document");
    case "outside":
      return hostOf(hotspot.url ?? null);
    default:
      return null;
  }
}

/** Addresses that a hotspot may lead to, whatever a document says: http, https and mailto. */
export function safeUrl(address: string | null | undefined): URL | null {
  if (!address) return null;
  try {
    const url = new URL(address);
    const complete = url.protocol === "mailto:" ? url.pathname !== "" : url.hostname !== "";
    return ["http:", "https:", "mailto:"].includes(url.protocol) && complete ? url : null;
  } catch {
    return null;
  }
}

/** A file of our own server, or null: pictures, films and documents come from nowhere else. */
export function ownFile(file: FileFacts | null | undefined): FileFacts | null {
  return file?.url.startsWith("/") && !file.url.startsWith("//") ? file : null;
}

/** "example.org", or the address of a mailbox; null for what may not be followed. */
export function hostOf(address: string | null): string | null {
  const url = safeUrl(address);
  if (!url) return null;
  return url.protocol === "mailto:" ? decodeURIComponent(url.pathname) : url.host;
}

/** "PDF, 2 MB" */
export function typeAndSize(file: FileFacts): string {
  return _("{type}, {size}", { type: typeName(file), size: size(file.bytes) });
}

function typeName(file: FileFacts): string {
  const known: Record<string, string> = {
    "application/pdf": "PDF",
    "text/csv": "CSV",
    "text/plain": "TXT",
    "application/zip": "ZIP",
  };
  const ending = /\.([a-z0-9]{1,5})$/i.exec(file.name)?.[1];
  return known[file.type] ?? ending?.toUpperCase() ?? file.type;
}

/** Bytes as people read them, in the page's language. */
export function size(bytes: number): string {
  const steps = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let step = 0;
  let value = bytes;
  while (value >= 1000 && step < steps.length - 1) {
    value /= 1000;
    step += 1;
  }
  const digits = value < 10 && step > 1 ? 1 : 0;
  return new Intl.NumberFormat(document.documentElement.lang || "en", {
    style: "unit",
    unit: steps[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(value);
}
