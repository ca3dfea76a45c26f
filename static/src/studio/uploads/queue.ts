/** Runs tasks in order, only so many at once. */
export class Queue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly atOnce: number) {}

  /** Runs a task when it is its turn, unless `dropped` says by then that it is no longer wanted. */
  async run(task: () => Promise<void>, dropped: () => boolean = () => false): Promise<void> {
    if (this.running >= this.atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      if (!dropped()) await task();
    } finally {
      // the place is handed on, so that nobody who comes now gets in between
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
