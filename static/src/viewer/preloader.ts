/**
 * Fetches the pictures of the likely next scenes while nothing more urgent is on the line.
 *
 * Two at a time and with low priority; nothing new is begun while the view on screen still waits for its own tiles
 * or nobody looks; nothing at all for people who save data or have a very slow line. A change of scene ends it.
 */
import type { Wanted } from "./ahead";
import { fetchPicture, pictures } from "./cache";

const AT_ONCE = 2;
/** What is wanted is thought over again this often at most while the view moves. */
const THINK_MS = 300;

interface Connection {
  saveData?: boolean;
  effectiveType?: string;
}

/** False for people who save data, or whose line is too slow to fetch what nobody may want. */
export function mayFetchAhead(): boolean {
  const { connection } = navigator as Navigator & { connection?: Connection };
  if (window.matchMedia("(prefers-reduced-data: reduce)").matches) return false;
  return connection?.saveData !== true && !/2g/.test(connection?.effectiveType ?? "");
}

export class Preloader {
  private abort: AbortController | null = null;
  private readonly onTheWay = new Set<string>();
  private readonly refused = new Set<string>();
  private timer = 0;

  /** `wanted` tells what may be needed next, the likeliest first; `busy` whether the line is needed otherwise. */
  constructor(
    private readonly wanted: () => Wanted[],
    private readonly busy: () => boolean,
  ) {}

  /** Looks whether there is something to fetch: after a scene came, and whenever the line may have become free. */
  wake(): void {
    this.timer ||= window.setTimeout(() => {
      this.timer = 0;
      this.work();
    }, THINK_MS);
  }

  /** Gives up what is on its way: the person has gone elsewhere. */
  stop(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.abort?.abort();
    this.abort = null;
    this.onTheWay.clear();
  }

  private work(): void {
    if (document.hidden || this.onTheWay.size >= AT_ONCE || this.busy() || !mayFetchAhead()) return;
    for (const { key, urls } of this.wanted()) {
      for (const url of urls) {
        if (pictures.has(url, key) || this.onTheWay.has(url) || this.refused.has(url)) continue;
        void this.fetch(url, key);
        if (this.onTheWay.size >= AT_ONCE) return;
      }
    }
  }

  private async fetch(url: string, key: string): Promise<void> {
    this.abort ??= new AbortController();
    const { signal } = this.abort;
    this.onTheWay.add(url);
    try {
      await fetchPicture(url, key, signal, "low");
    } catch {
      // It is asked for again, and complained about, when somebody really goes there.
      if (!signal.aborted) this.refused.add(url);
    }
    if (signal.aborted) return;
    this.onTheWay.delete(url);
    this.work();
  }
}
