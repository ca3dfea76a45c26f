/** What the server of uploads is asked (tourserver/uploads/views.py), and what it may say. */
import { digestOf } from "./digest";

/** How far an upload is, as the server sees it. */
export interface UploadState {
  id: string;
  name: string;
  size: number;
  chunk_bytes: number;
  chunks: number;
  state: string;
  received: number[];
  /** SHA-256 of the first piece, hex; by it a file that is chosen again is known to be the same. */
  first_digest: string | null;
  /** What was said about it when it was begun. */
  meta: Record<string, unknown>;
}

/** What a file is to become, and what else is said about it. */
export interface Wish {
  purpose: string;
  thing: string;
  name: string;
  size: number;
  meta: Record<string, string | boolean>;
}

/** What the receiver answered when the whole file was there. */
export type Answer = Record<string, unknown>;

/** The server answered and said no. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Numbers of pieces that it has not got. */
    readonly missing: number[] = [],
  ) {
    super(message);
  }
}

/** No answer came: it may or may not have arrived. */
export class LineLost extends Error {}

/** Everything a transfer needs of the server. */
export interface UploadServer {
  mine(): Promise<UploadState[]>;
  begin(wish: Wish): Promise<UploadState>;
  state(id: string): Promise<UploadState>;
  put(
    id: string,
    number: number,
    piece: ArrayBuffer,
    sent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
  finish(id: string, signal: AbortSignal): Promise<Answer>;
  drop(id: string): Promise<void>;
}

/** A line on which not a byte moves for so long is given up. */
const STALLED_MS = 30_000;
/** Putting a film together takes its time. */
const FINISH_MS = 300_000;

interface Told {
  error?: { code?: string; message?: string; missing?: number[] };
}

/** The server, over HTTP. */
export class HttpServer implements UploadServer {
  constructor(
    private readonly url: string,
    private readonly purpose: string,
    private readonly thing: string,
    private csrf: string,
  ) {}

  async mine(): Promise<UploadState[]> {
    const query = new URLSearchParams({ purpose: this.purpose, thing: this.thing });
    const answer = await this.ask<{ uploads: UploadState[]; csrf: string }>("GET", `?${query}`);
    this.csrf = answer.csrf;
    return answer.uploads;
  }

  begin(wish: Wish): Promise<UploadState> {
    return this.ask("POST", "", JSON.stringify(wish));
  }

  state(id: string): Promise<UploadState> {
    return this.ask("GET", `/${id}`);
  }

  finish(id: string, signal: AbortSignal): Promise<Answer> {
    return this.ask("POST", `/${id}/finish`, "{}", signal, FINISH_MS);
  }

  async drop(id: string): Promise<void> {
    await this.ask("DELETE", `/${id}`);
  }

  /** By XMLHttpRequest, since fetch does not tell how much of a body has left. */
  async put(
    id: string,
    number: number,
    piece: ArrayBuffer,
    sent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const digest = await digestOf(piece);
    if (signal.aborted) throw new LineLost();
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      let timer = 0;
      const moving = () => {
        window.clearTimeout(timer);
        timer = window.setTimeout(() => request.abort(), STALLED_MS);
      };
      const give = () => request.abort();
      const end = (error: Error | null) => {
        window.clearTimeout(timer);
        signal.removeEventListener("abort", give);
        if (error) reject(error);
        else resolve();
      };
      request.open("PUT", `${this.url}/${id}/chunks/${number}`);
      for (const [name, value] of Object.entries(this.headers("application/octet-stream")))
        request.setRequestHeader(name, value);
      if (digest) request.setRequestHeader("X-Chunk-SHA256", digest);
      request.upload.addEventListener("progress", (event) => {
        moving();
        sent(event.loaded);
      });
      request.addEventListener("load", () =>
        end(refusalOf(request.status, request.getResponseHeader("Content-Type"), request.responseText)),
      );
      for (const lost of ["error", "abort"]) request.addEventListener(lost, () => end(new LineLost()));
      signal.addEventListener("abort", give);
      moving();
      request.send(piece);
    });
  }

  private headers(type: string): Record<string, string> {
    return { Accept: "application/json", "Content-Type": type, "X-CSRFToken": this.csrf };
  }

  private async ask<T>(
    method: string,
    path: string,
    body?: string,
    signal?: AbortSignal,
    patience = STALLED_MS,
  ): Promise<T> {
    const given = new AbortController();
    const give = () => given.abort();
    const timer = window.setTimeout(give, patience);
    signal?.addEventListener("abort", give);
    try {
      const response = await fetch(this.url + path, {
        method,
        headers: this.headers("application/json"),
        credentials: "same-origin",
        signal: given.signal,
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      const refusal = refusalOf(response.status, response.headers.get("Content-Type"), text);
      if (refusal) throw refusal;
      return (text ? JSON.parse(text) : null) as T;
    } catch (error) {
      if (error instanceof Refusal || error instanceof LineLost) throw error;
      throw new LineLost();
    } finally {
      window.clearTimeout(timer);
      signal?.removeEventListener("abort", give);
    }
  }
}

/** What is wrong with an answer; null when nothing is. What comes from a proxy in between is as no answer. */
export function refusalOf(status: number, type: string | null, text: string): Error | null {
  if (status === 204) return null;
  const json = type?.includes("json") ?? false;
  if (status >= 200 && status < 300 && json) return null;
  if (!json) return new LineLost();
  try {
    const { error = {} } = JSON.parse(text) as Told;
    return new Refusal(status, error.code ?? "", error.message ?? "", error.missing ?? []);
  } catch {
    return new LineLost();
  }
}
