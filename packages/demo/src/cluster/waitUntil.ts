import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until there is an answer.
 *
 * @throws with what was waited for when the time is over, or when the signal aborts.
 */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  options: { timeoutMs: number; everyMs?: number; signal?: AbortSignal },
): Promise<T> {
  const end = Date.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) {
      const seconds = Math.round(options.timeoutMs / 1000);
      throw new Error(`waited ${seconds} s in vain for ${what}`);
    }
    await sleep(options.everyMs ?? 250, undefined, { signal: options.signal });
  }
}
