import { setImmediate as yieldToOthers } from 'node:timers/promises';

const stepsPerTurn = 50_000;

/**
 * Lets others have their turn during walks over millions of rows.
 *
 * @example
 * ```ts
 * const turns = new Turns(signal);
 * for (const row of rows) {
 *   if (turns.over()) await turns.next();
 * }
 * ```
 */
export class Turns {
  private steps = 0;

  constructor(private readonly signal?: AbortSignal) {}

  /** Counts a step. @returns whether this turn has lasted long enough */
  over(): boolean {
    this.steps += 1;
    return this.steps % stepsPerTurn === 0;
  }

  /** Begins the next turn. Throws when the work was cancelled. */
  async next(): Promise<void> {
    this.signal?.throwIfAborted();
    await yieldToOthers();
  }
}
