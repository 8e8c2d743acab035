const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 15_000;

/** What a reconcile may ask for: to be called again after a while. */
export type ReconcileResult = void | { requeueAfterMs: number };

/** Runs one reconcile per key at a time, later changes once more; errors are retried with a growing pause. */
export class ReconcileQueue {
  private readonly waiting = new Set<string>();
  private readonly running = new Set<string>();
  private readonly again = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private open = false;

  constructor(
    private readonly name: string,
    private readonly reconcile: (key: string) => Promise<ReconcileResult>,
    private readonly options: {
      signal: AbortSignal;
      log: (line: string) => void;
      concurrency?: number;
    },
  ) {
    options.signal.addEventListener('abort', () => {
      for (const timer of this.timers.values()) clearTimeout(timer);
      this.timers.clear();
      this.waiting.clear();
    });
  }

  /** Lets the work begin; until then keys are only collected. */
  start(): void {
    this.open = true;
    this.drain();
  }

  add(key: string): void {
    if (this.options.signal.aborted) return;
    if (this.running.has(key)) {
      this.again.add(key);
      return;
    }
    this.waiting.add(key);
    setImmediate(() => this.drain());
  }

  addAfter(key: string, milliseconds: number): void {
    if (this.options.signal.aborted) return;
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        this.add(key);
      }, milliseconds),
    );
  }

  private drain(): void {
    const limit = this.options.concurrency ?? 4;
    while (this.open && this.running.size < limit && this.waiting.size > 0) {
      const [key] = this.waiting;
      this.waiting.delete(key);
      this.running.add(key);
      void this.process(key);
    }
  }

  private async process(key: string): Promise<void> {
    try {
      const result = await this.reconcile(key);
      this.failures.delete(key);
      if (result) this.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      if (!this.options.signal.aborted) {
        const count = (this.failures.get(key) ?? 0) + 1;
        this.failures.set(key, count);
        if (count > 3) {
          this.options.log(`${this.name} ${key}: ${(error as Error).message}`);
        }
        this.addAfter(
          key,
          Math.min(FIRST_BACKOFF_MS * 2 ** (count - 1), LAST_BACKOFF_MS),
        );
      }
    } finally {
      this.running.delete(key);
      if (this.again.delete(key)) this.waiting.add(key);
      this.drain();
    }
  }
}
