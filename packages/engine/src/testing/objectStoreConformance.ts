import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ObjectNotFoundError, type ObjectStore } from '../storage/ObjectStore';

interface TestApi {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>, timeoutMs?: number): void;
  afterAll(body: () => Promise<void>, timeoutMs?: number): void;
}

/** What of jest's globals a suite needs. */
declare const globalThis: TestApi & typeof global;

const mib = 1024 * 1024;

/**
 * What every object store must do, as jest tests. Keys lie below a random
 * prefix, which is emptied at the end.
 *
 * @param name - shown in the report
 * @param open - opens the store, once
 * @public
 */
export function objectStoreConformance(
  name: string,
  open: () => Promise<ObjectStore> | ObjectStore,
): void {
  const { describe, it, afterAll } = globalThis;
  const prefix = `conformance-${randomBytes(6).toString('hex')}/`;
  let opened: Promise<ObjectStore> | undefined;
  const store = () => {
    opened ??= Promise.resolve(open());
    return opened;
  };

  describe(`object store ${name}`, () => {
    afterAll(async () => {
      const keys = await allKeys(await store(), prefix);
      await (await store()).delete(keys);
    }, 60_000);

    it('gives back a buffer', async () => {
      const bytes = randomBytes(5000);
      await (await store()).put(`${prefix}buffer`, bytes);
      same(await read(await store(), `${prefix}buffer`), bytes);
    });

    it('keeps an empty object', async () => {
      await (await store()).put(`${prefix}empty`, Buffer.alloc(0));
      same(await read(await store(), `${prefix}empty`), Buffer.alloc(0));
      equal((await (await store()).stat(`${prefix}empty`))?.size, 0);
    });

    it('takes a short stream of unknown length', async () => {
      const bytes = randomBytes(70_000);
      await (await store()).put(`${prefix}short`, chunked(bytes, 1000));
      same(await read(await store(), `${prefix}short`), bytes);
    });

    it('takes a stream of unknown length that needs several parts', async () => {
      const bytes = randomBytes(18 * mib + 12_345);
      await (await store()).put(`${prefix}long`, chunked(bytes, 300_000));
      equal((await (await store()).stat(`${prefix}long`))?.size, bytes.length);
      same(await read(await store(), `${prefix}long`), bytes);
    }, 60_000);

    it('takes a large buffer', async () => {
      const bytes = randomBytes(10 * mib);
      await (await store()).put(`${prefix}large`, bytes);
      same(await read(await store(), `${prefix}large`), bytes);
    }, 60_000);

    it('takes a stream of known length', async () => {
      const bytes = randomBytes(200_000);
      await (
        await store()
      ).put(`${prefix}known`, chunked(bytes, 5000), {
        contentLength: bytes.length,
      });
      same(await read(await store(), `${prefix}known`), bytes);
    });

    it('refuses a stream of another length than announced', async () => {
      const key = `${prefix}wrong-length`;
      await rejects(async () =>
        (
          await store()
        ).put(key, chunked(randomBytes(1000), 100), { contentLength: 2000 }),
      );
      equal(await (await store()).stat(key), undefined);
    });

    it('replaces an object', async () => {
      const key = `${prefix}replaced`;
      await (await store()).put(key, Buffer.from('first, and longer'));
      await (await store()).put(key, Buffer.from('second'));
      same(await read(await store(), key), Buffer.from('second'));
    });

    it('leaves nothing behind when the source fails', async () => {
      const key = `${prefix}failed`;
      const failing = Readable.from(
        (async function* source() {
          yield randomBytes(9 * mib);
          throw new Error('the source broke');
        })(),
      );
      const error = await rejects(async () =>
        (await store()).put(key, failing),
      );
      equal((error as Error).message, 'the source broke');
      equal(await (await store()).stat(key), undefined);
      equal((await allKeys(await store(), key)).length, 0);
    }, 60_000);

    it('keeps the former object when its replacement fails', async () => {
      const key = `${prefix}kept`;
      await (await store()).put(key, Buffer.from('former'));
      const failing = Readable.from(
        (async function* source() {
          yield Buffer.from('half of ');
          throw new Error('the source broke');
        })(),
      );
      await rejects(async () => (await store()).put(key, failing));
      same(await read(await store(), key), Buffer.from('former'));
    });

    it('stops a put when its signal is aborted', async () => {
      const key = `${prefix}aborted`;
      const abort = new AbortController();
      const endless = Readable.from(
        (async function* source() {
          for (let sent = 0; ; sent++) {
            if (sent === 12) abort.abort(new Error('enough'));
            yield randomBytes(mib);
            await new Promise(resolve => setTimeout(resolve, 5));
          }
        })(),
      );
      const error = await rejects(async () =>
        (await store()).put(key, endless, { signal: abort.signal }),
      );
      equal((error as Error).message, 'enough');
      equal(await (await store()).stat(key), undefined);
      equal(endless.destroyed, true);
    }, 60_000);

    it('does nothing when the signal was aborted before', async () => {
      const key = `${prefix}never`;
      const signal = AbortSignal.abort(new Error('too late'));
      await rejects(async () =>
        (await store()).put(key, Buffer.from('x'), { signal }),
      );
      equal(await (await store()).stat(key), undefined);
    });

    it('reads ranges', async () => {
      const bytes = randomBytes(10_000);
      const key = `${prefix}range`;
      await (await store()).put(key, bytes);
      const middle = await (
        await store()
      ).get(key, { range: { start: 100, end: 199 } });
      same(await collect(middle), bytes.subarray(100, 200));
      const tail = await (await store()).get(key, { range: { start: 9_990 } });
      same(await collect(tail), bytes.subarray(9_990));
    });

    it('says what does not exist', async () => {
      const key = `${prefix}missing`;
      equal(await (await store()).stat(key), undefined);
      for (const action of [
        async () => (await store()).get(key),
        async () => (await store()).copy(key, `${prefix}copy-of-missing`),
      ]) {
        const error = await rejects(action);
        equal(error instanceof ObjectNotFoundError, true);
      }
    });

    it('deletes what is there and does not mind what is not', async () => {
      await (await store()).put(`${prefix}gone/1`, Buffer.from('1'));
      await (await store()).put(`${prefix}gone/2`, Buffer.from('2'));
      await (
        await store()
      ).delete([`${prefix}gone/1`, `${prefix}gone/2`, `${prefix}gone/3`]);
      equal((await allKeys(await store(), `${prefix}gone/`)).length, 0);
      equal(
        (await directories(await store(), prefix)).includes(`${prefix}gone/`),
        false,
      );
      await (await store()).delete([]);
    });

    it('copies', async () => {
      const bytes = randomBytes(20_000);
      await (await store()).put(`${prefix}copy/from +ä`, bytes);
      await (await store()).copy(`${prefix}copy/from +ä`, `${prefix}copy/to`);
      same(await read(await store(), `${prefix}copy/to`), bytes);
      same(await read(await store(), `${prefix}copy/from +ä`), bytes);
    });

    it('lists by prefix, in the order of keys', async () => {
      const below = `${prefix}list/`;
      const keys = ['a', 'a-b', 'b/1', 'b/2/3', 'b0', 'c'].map(
        key => `${below}${key}`,
      );
      for (const key of [...keys].reverse()) {
        await (await store()).put(key, Buffer.from(key));
      }
      equalLists(await allKeys(await store(), below), keys);
      equalLists(await allKeys(await store(), `${below}b`), [
        `${below}b/1`,
        `${below}b/2/3`,
        `${below}b0`,
      ]);
      equalLists(await allKeys(await store(), `${below}none/`), []);
      for await (const object of (await store()).list(below)) {
        equal(object.size, Buffer.byteLength(object.key));
        equal(
          Math.abs(Date.now() - object.lastModified.getTime()) < 3.6e6,
          true,
        );
      }
    });

    it('lists directories', async () => {
      const below = `${prefix}directories/`;
      for (const key of ['one/x', 'two/y/z', 'two/z', 'file']) {
        await (await store()).put(`${below}${key}`, Buffer.from('x'));
      }
      equalLists(await directories(await store(), below), [
        `${below}one/`,
        `${below}two/`,
      ]);
      equalLists(await directories(await store(), `${below}two/`), [
        `${below}two/y/`,
      ]);
      equalLists(await directories(await store(), `${below}none/`), []);
    });

    it('lists and deletes more than one page', async () => {
      const below = `${prefix}many/`;
      const keys = Array.from(
        { length: 1_203 },
        (_, index) => `${below}${String(index).padStart(5, '0')}`,
      );
      for (let start = 0; start < keys.length; start += 50) {
        await Promise.all(
          keys
            .slice(start, start + 50)
            .map(async key => (await store()).put(key, Buffer.from('x'))),
        );
      }
      equalLists(await allKeys(await store(), below), keys);
      await (await store()).delete(keys);
      equalLists(await allKeys(await store(), below), []);
    }, 120_000);

    it('refuses keys that could leave their place', async () => {
      for (const key of [
        '',
        '/a',
        'a/../b',
        '../a',
        'a//b',
        'a/./b',
        'a\u0000',
      ]) {
        await rejects(async () => (await store()).put(key, Buffer.from('x')));
        await rejects(async () => (await store()).get(key));
        await rejects(async () => (await store()).delete([key]));
      }
    });

    it('lets readers see whole objects only', async () => {
      const key = `${prefix}atomic`;
      const bytes = (fill: number) => Buffer.alloc(200_000, fill);
      await (await store()).put(key, bytes(0));
      let writing = true;
      const reads = (async () => {
        while (writing) {
          const seen = await read(await store(), key);
          equal(seen.length, 200_000);
          equal(new Set(seen).size, 1);
        }
      })();
      for (let fill = 1; fill < 10; fill++) {
        await (await store()).put(key, bytes(fill));
      }
      writing = false;
      await reads;
    }, 60_000);
  });
}

function chunked(bytes: Buffer, size: number): Readable {
  return Readable.from(
    (function* chunks() {
      for (let start = 0; start < bytes.length; start += size) {
        yield bytes.subarray(start, start + size);
      }
    })(),
    { objectMode: false },
  );
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function read(store: ObjectStore, key: string): Promise<Buffer> {
  return collect(await store.get(key));
}

async function allKeys(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const object of store.list(prefix)) keys.push(object.key);
  return keys;
}

async function directories(
  store: ObjectStore,
  prefix: string,
): Promise<string[]> {
  const found: string[] = [];
  for await (const directory of store.listDirectories(prefix)) {
    found.push(directory);
  }
  return found;
}

async function rejects(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error('Expected a failure, but there was none');
}

function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) {
    throw new Error(`Expected ${String(expected)}, found ${String(actual)}`);
  }
}

function equalLists(actual: string[], expected: string[]): void {
  equal(JSON.stringify(actual), JSON.stringify(expected));
}

function same(actual: Buffer, expected: Buffer): void {
  const digest = (bytes: Buffer) =>
    `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
  equal(digest(actual), digest(expected));
}
