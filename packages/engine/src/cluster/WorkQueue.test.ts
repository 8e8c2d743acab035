import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from './Clock';
import { WorkQueue } from './WorkQueue';

function start(
  handle: (key: string) => Promise<number | undefined>,
  options: { concurrency?: number; errors?: string[] } = {},
) {
  const stop = new AbortController();
  const queue = new WorkQueue({
    clock: systemClock,
    concurrency: options.concurrency ?? 1,
    backoff: { firstMs: 20, maxMs: 80 },
    random: () => 1,
    onError: (key, error, retryInMs) =>
      options.errors?.push(`${key}: ${(error as Error).message} ${retryInMs}`),
  });
  const ended = queue.run(stop.signal, handle);
  return {
    queue,
    end: async () => {
      stop.abort();
      await ended;
    },
  };
}

describe('WorkQueue', () => {
  it('works on a key once, however often it was added', async () => {
    const seen: string[] = [];
    const { queue, end } = start(async key => {
      seen.push(key);
      return undefined;
    });
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await delay(20);
    expect(seen).toEqual(['a', 'b']);
    await end();
  });

  it('never works on a key twice at a time, but again if it changed meanwhile', async () => {
    let running = 0;
    let most = 0;
    let count = 0;
    const { queue, end } = start(
      async () => {
        running++;
        count++;
        most = Math.max(most, running);
        await delay(20);
        running--;
        return undefined;
      },
      { concurrency: 5 },
    );
    queue.add('a');
    await delay(5);
    queue.add('a');
    queue.add('a');
    await delay(70);
    expect([most, count]).toEqual([1, 2]);
    await end();
  });

  it('keeps its bound', async () => {
    let running = 0;
    let most = 0;
    const { queue, end } = start(
      async () => {
        running++;
        most = Math.max(most, running);
        await delay(10);
        running--;
        return undefined;
      },
      { concurrency: 3 },
    );
    for (let key = 0; key < 12; key++) queue.add(String(key));
    await delay(100);
    expect(most).toBe(3);
    await end();
  });

  it('tries a failing key again with growing pauses, and forgets its failures', async () => {
    const errors: string[] = [];
    let left = 4;
    const { queue, end } = start(
      async () => {
        if (left-- > 0) throw new Error('no');
        return undefined;
      },
      { errors },
    );
    queue.add('a');
    await delay(400);
    expect(errors).toEqual(['a: no 20', 'a: no 40', 'a: no 80', 'a: no 80']);
    left = 1;
    queue.add('a');
    await delay(50);
    expect(errors.at(-1)).toBe('a: no 20');
    await end();
  });

  it('comes back when a handler asks for it', async () => {
    let count = 0;
    const { queue, end } = start(async () => {
      count++;
      return count < 3 ? 10 : undefined;
    });
    queue.add('a');
    await delay(150);
    expect(count).toBe(3);
    await end();
  });

  it('keeps the earlier of two times', async () => {
    const seen: string[] = [];
    const { queue, end } = start(async key => {
      seen.push(key);
      return undefined;
    });
    queue.addAfter('a', 10);
    queue.addAfter('a', 60_000);
    queue.addAfter('b', 60_000);
    queue.addAfter('b', 10);
    await delay(80);
    expect(seen.sort()).toEqual(['a', 'b']);
    await end();
  });

  it('ends when told to, after the handlers that run', async () => {
    let finished = false;
    const { queue, end } = start(async () => {
      await delay(30);
      finished = true;
      return undefined;
    });
    queue.add('a');
    await delay(5);
    await end();
    expect(finished).toBe(true);
  });
});
