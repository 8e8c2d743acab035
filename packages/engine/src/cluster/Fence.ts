import type { Clock } from './Clock';
import { LeaseLostError } from './LeaseLostError';

/** Asked before every write. @public */
export interface Fence {
  /** @throws LeaseLostError */
  check(): void;
}

/**
 * One term of leadership. It ends for good: a process that is leader again
 * later gets another fence, so that work of an earlier term stays shut out.
 *
 * Both clocks are asked: the monotonic one goes on while the process is stopped
 * (SIGSTOP) and cannot be set; the wall clock goes on while the machine sleeps.
 */
export class LeaseFence implements Fence {
  private readonly clock: Clock;
  private readonly validMs: number;
  private renewed: { now: number; monotonic: number };
  private closed = false;

  /**
   * @param validMs - how long after a renewal writes are allowed: the lease's duration less a margin for requests on their way
   * @param renewed - the clocks as they were before the request that took the lease
   */
  constructor(
    clock: Clock,
    validMs: number,
    renewed: { now: number; monotonic: number },
  ) {
    this.clock = clock;
    this.validMs = validMs;
    this.renewed = renewed;
  }

  /** A renewal succeeded; `at` are the clocks before its request was sent. */
  renew(at: { now: number; monotonic: number }): void {
    this.check();
    this.renewed = at;
  }

  close(): void {
    this.closed = true;
  }

  isOpen(): boolean {
    if (this.closed) return false;
    const monotonic = this.clock.monotonic() - this.renewed.monotonic;
    const wall = Math.abs(this.clock.now() - this.renewed.now);
    if (monotonic > this.validMs || wall > this.validMs) this.closed = true;
    return !this.closed;
  }

  check(): void {
    if (!this.isOpen()) throw new LeaseLostError();
  }
}
