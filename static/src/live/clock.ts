/**
 * The server's clock as seen from here.
 *
 * A heartbeat tells the time with an unknown delay, so it only gives a lower bound of the offset; a ping gives the
 * offset within half of its round trip. The best ping of the last minutes wins over heartbeats.
 */
const KEEP_MS = 5 * 60_000;

interface Sample {
  offset: number;
  error: number;
  at: number;
}

export class ServerClock {
  private best: Sample | null = null;

  constructor(private readonly local: () => number = Date.now) {}

  /** Milliseconds of the server's clock, now. */
  now(): number {
    return this.local() + this.offset;
  }

  /** How far the server is ahead of this machine, in milliseconds. */
  get offset(): number {
    return this.best?.offset ?? 0;
  }

  /** A time told without being asked for: right but for the way here, which is taken as up to 400 ms. */
  told(serverNow: number): void {
    this.offer({ offset: serverNow - this.local(), error: 400, at: this.local() });
  }

  /** An answered ping: `sent` and `received` are of the local clock. */
  pinged(sent: number, serverNow: number, received: number): void {
    const half = Math.max(0, received - sent) / 2;
    this.offer({ offset: serverNow - (sent + half), error: half, at: received });
  }

  private offer(sample: Sample): void {
    const old = this.best;
    const expired = old !== null && sample.at - old.at > KEEP_MS;
    // A local clock that was set anew (or a laptop that slept) makes the old sample impossible.
    const jumped = old !== null && Math.abs(sample.offset - old.offset) > old.error + sample.error + 1_000;
    if (old === null || expired || jumped || sample.error <= old.error) this.best = sample;
  }
}
