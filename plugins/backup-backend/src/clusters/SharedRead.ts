/**
 * A read that many requests share: those that come while it runs wait for the
 * same answer, and the answer serves for a moment. After a write `forget` makes
 * the next read fresh.
 */
export class SharedRead<T> {
  #running?: Promise<T>;
  #until = 0;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly lifetimeMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get(): Promise<T> {
    if (!this.#running || this.now() >= this.#until) {
      const running = this.read();
      this.#running = running;
      this.#until = Infinity;
      running.then(
        () => {
          if (this.#running === running) {
            this.#until = this.now() + this.lifetimeMs;
          }
        },
        () => {
          if (this.#running === running) {
            this.forget();
          }
        },
      );
    }
    return this.#running;
  }

  forget(): void {
    this.#running = undefined;
  }
}
