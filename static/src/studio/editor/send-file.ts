/** Sending one file in pieces (tourserver/uploads/views.py): a piece that is lost on the way is sent again. */
import { _ } from "../../i18n";

export interface SentFile {
  asset: string;
  name: string;
  kind: string;
  state: string;
}

/** The server said why it does not take the file. */
export class Refused extends Error {}

const TRIES = 5;
const WAIT_MS = 1_000;

interface Begun {
  id: string;
  chunk_bytes: number;
  chunks: number;
}

export interface Sending {
  /** Address of the uploads. */
  url: string;
  csrf: string;
  /** The site's address. */
  site: string;
  kind: string;
  progress(percent: number): void;
}

/** Sends a file and answers what became of it. Throws Refused, with the reason in words. */
export async function sendFile(file: File, to: Sending): Promise<SentFile> {
  const { name, size } = file;
  const begun = (await ask(to, "POST", to.url, {
    purpose: "asset",
    thing: to.site,
    name,
    size,
    meta: { kind: to.kind },
  })) as unknown as Begun;
  for (let number = 0; number < begun.chunks; number++) {
    const start = number * begun.chunk_bytes;
    const piece = await file.slice(start, start + begun.chunk_bytes).arrayBuffer();
    await ask(to, "PUT", `${to.url}/${begun.id}/chunks/${number}`, piece);
    to.progress(Math.floor((100 * (number + 1)) / begun.chunks));
  }
  const answer = await ask(to, "POST", `${to.url}/${begun.id}/finish`, {});
  return ("result" in answer ? answer.result : answer) as unknown as SentFile;
}

async function ask(
  to: Sending,
  method: string,
  url: string,
  body: object | ArrayBuffer,
): Promise<Record<string, unknown>> {
  const bytes = body instanceof ArrayBuffer;
  const headers: Record<string, string> = {
    Accept: "application/json",
    "X-CSRFToken": to.csrf,
    "Content-Type": bytes ? "application/octet-stream" : "application/json",
  };
  const digest = bytes ? await sha256(body) : null;
  if (digest) headers["X-Chunk-SHA256"] = digest;
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, {
      method,
      headers,
      body: bytes ? body : JSON.stringify(body),
    }).catch(() => null);
    const answer = (await response?.json().catch(() => null)) as Record<string, unknown> | null;
    if (response?.ok && answer) return answer;
    const told = (answer?.error as { message?: string } | undefined)?.message;
    if (response && response.status < 500 && told) throw new Refused(told);
    if (attempt >= TRIES) throw new Refused(told ?? _("The connection was lost. Choose the file again."));
    await new Promise((resolve) => window.setTimeout(resolve, WAIT_MS * attempt));
  }
}

/** Hex; null where the browser makes no digests, outside of a secure context: then the size alone is checked. */
async function sha256(bytes: ArrayBuffer): Promise<string | null> {
  if (!crypto.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
