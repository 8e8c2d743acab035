import type { Clock } from '../cluster/Clock';

/** Sends the newest progress at most once per interval, one request at a time; a failed request only loses that one report. */
export class ProgressReporter<P> {
  private latest?: P;
  private sending: Promise<void> = Promise.resolve();
  private busy = false;
  private lastSent = -Infinity;
  private ended = false;

  constructor(
    private readonly clock: Clock,
    private readonly send: (progress: P) => Promise<void>,
    private readonly intervalMs = 1000,
  ) {}

  /** Notes progress; may start a request in the background. */
  report(progress: P): void {
    this.latest = progress;
    const now = this.clock.monotonic();
    if (this.busy || this.ended || now - this.lastSent < this.intervalMs) {
      return;
    }
    this.lastSent = now;
    this.busy = true;
    this.sending = this.send(progress)
      .catch(() => {})
      .finally(() => {
        this.busy = false;
      });
  }

  /** Stops reporting, waits for the request under way, and gives the newest progress. */
  async end(): Promise<P | undefined> {
    this.ended = true;
    await this.sending;
    return this.latest;
  }
}
