const weightOfSlow = 8;
const limit = 3 * weightOfSlow;

/**
 * Tells a slow file system from a busy machine, where now and then a call takes long because another process had its
 * turn: several calls must be slow in short succession.
 */
export class SlownessMeter {
  private score = 0;
  private avoided = 0;

  /**
   * @param slowMs - a call that takes longer is slow
   * @param rest - how many calls are made otherwise before the next is tried directly
   */
  constructor(private readonly slowMs: number, private readonly rest: number) {}

  /** Whether the next call should be made directly; asks once per call. */
  direct(): boolean {
    if (this.avoided === 0) return true;
    this.avoided -= 1;
    return false;
  }

  /** Notes how long a direct call took. */
  note(ms: number): void {
    if (ms <= this.slowMs) {
      if (this.score > 0) this.score -= 1;
      return;
    }
    this.score += weightOfSlow;
    if (this.score < limit) return;
    this.avoided = this.rest;
    // Two more slow ones after the rest are enough.
    this.score = limit - 2 * weightOfSlow;
  }
}
