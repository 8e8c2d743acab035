const windowMs = 15_000;

/** Speed over the last seconds: a pause shows, and the first seconds of a long run do not count for ever. */
export class SpeedMeter {
  private readonly points: { at: number; bytes: number }[] = [];

  /** Notes how much was done by now. @param at - milliseconds of any steady clock */
  note(at: number, bytes: number): void {
    this.points.push({ at, bytes });
    while (this.points.length > 2 && at - this.points[1].at >= windowMs)
      this.points.shift();
  }

  clear(): void {
    this.points.length = 0;
  }

  /** 0 until there are two points in time. */
  get bytesPerSecond(): number {
    const first = this.points[0];
    const last = this.points[this.points.length - 1];
    if (!first || last.at <= first.at) return 0;
    return Math.max(
      0,
      Math.round(((last.bytes - first.bytes) * 1000) / (last.at - first.at)),
    );
  }
}
