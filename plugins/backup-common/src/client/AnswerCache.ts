/** An answer and the ETag it came with. */
export interface CachedAnswer {
  etag: string;
  value: unknown;
}

/** Keeps the newest answers of reads, so that a 304 gives the same object again. */
export class AnswerCache {
  readonly #answers = new Map<string, CachedAnswer>();

  constructor(private readonly capacity: number) {}

  get(key: string): CachedAnswer | undefined {
    return this.#answers.get(key);
  }

  set(key: string, answer: CachedAnswer): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > this.capacity && oldest !== undefined) {
      this.#answers.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#answers.delete(key);
  }
}
