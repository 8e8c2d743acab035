/** Prints the steps of the run-through with their seconds; on a terminal the running step is rewritten in place. */
export class Progress {
  private readonly began: number;
  private open = false;

  constructor(
    private readonly out: NodeJS.WriteStream,
    private readonly now: () => number = Date.now,
  ) {
    this.began = now();
  }

  private seconds(): string {
    return `${((this.now() - this.began) / 1000).toFixed(1).padStart(6)} s`;
  }

  /** What is going on just now. */
  working(text: string): void {
    if (!this.out.isTTY) return;
    this.out.write(`\r\u001b[K${this.seconds()}  … ${text}`);
    this.open = true;
  }

  /** Something is done. */
  done(text: string): void {
    this.line(`${this.seconds()}  ${text}`);
  }

  /** A line without a time. */
  line(text = ''): void {
    if (this.open) this.out.write('\r\u001b[K');
    this.open = false;
    this.out.write(`${text}\n`);
  }
}
