import { Readable } from 'node:stream';
import { StorageError, type ObjectStore } from './ObjectStore';
import { withRetry } from './withRetry';

const clock = {
  now: () => 0,
  monotonic: () => 0,
  sleep: async () => undefined,
};

function fails(times: number, error: Error) {
  let calls = 0;
  return {
    calls: () => calls,
    once: async <T>(result: T): Promise<T> => {
      calls++;
      if (calls <= times) throw error;
      return result;
    },
  };
}

const passing = new StorageError('busy', 'unreachable', { retryable: true });
const lasting = new StorageError('no', 'access-denied');

describe('withRetry', () => {
  it('repeats what may pass', async () => {
    const flaky = fails(2, passing);
    const store = withRetry(
      { stat: () => flaky.once(undefined) } as unknown as ObjectStore,
      { clock },
    );
    await store.stat('a');
    expect(flaky.calls()).toBe(3);
  });

  it('gives up in the end, and at once on what does not pass', async () => {
    const always = fails(99, passing);
    await expect(
      withRetry(
        { delete: () => always.once(undefined) } as unknown as ObjectStore,
        { clock },
      ).delete(['a']),
    ).rejects.toBe(passing);
    expect(always.calls()).toBe(3);
    const refused = fails(99, lasting);
    await expect(
      withRetry(
        { put: () => refused.once(undefined) } as unknown as ObjectStore,
        { clock },
      ).put('a', Buffer.from('x')),
    ).rejects.toBe(lasting);
    expect(refused.calls()).toBe(1);
  });

  it('does not repeat a stream', async () => {
    const flaky = fails(1, passing);
    const store = withRetry(
      { put: () => flaky.once(undefined) } as unknown as ObjectStore,
      { clock },
    );
    await expect(store.put('a', Readable.from(['x']))).rejects.toBe(passing);
    expect(flaky.calls()).toBe(1);
  });

  it('goes on with a broken read where it stopped', async () => {
    const text = 'abcdefghij';
    const ranges: unknown[] = [];
    const store = withRetry(
      {
        get: async (
          _key: string,
          options?: { range?: { start: number; end?: number } },
        ) => {
          ranges.push(options?.range);
          const start = options?.range?.start ?? 0;
          return Readable.from(
            (async function* source() {
              yield Buffer.from(text.slice(start, start + 3));
              if (start + 3 < text.length) {
                throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
              }
            })(),
          );
        },
      } as unknown as ObjectStore,
      { clock },
    );
    const chunks: Buffer[] = [];
    for await (const chunk of await store.get('a'))
      chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe(text);
    expect(ranges).toEqual([
      undefined,
      { start: 3 },
      { start: 6 },
      { start: 9 },
    ]);
  });
});
