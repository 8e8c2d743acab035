import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { blobStorageConformance } from '../testing/blobStorageConformance';
import { S3Server, startS3Server } from '../testing/s3Server';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { KopiaError } from '../errors';
import { BlobStorage, listAll } from './BlobStorage';
import { FolderStorage } from './FolderStorage';
import { MemoryStorage } from './MemoryStorage';
import { readOnly } from './readOnly';
import { S3Storage } from './S3Storage';
import {
  formatSharding,
  oldSharding,
  parseSharding,
  shardedPath,
} from './sharding';
import { withLogging } from './withLogging';
import { withMetrics } from './withObserver';
import { withRetry } from './withRetry';
import { withTimeout } from './withTimeout';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

describe('memory', () => {
  blobStorageConformance(async () => new MemoryStorage());
});

describe.each([
  ['new', undefined],
  ['old sharding', oldSharding],
  ['flat', { default: [], maxNonShardedLength: 20 }],
])('folder, %s', (_, sharding) => {
  blobStorageConformance(() =>
    FolderStorage.open(temporaryFolder(), { create: true, sharding }),
  );
});

describe('folder', () => {
  it('puts blobs where Kopia puts them', () => {
    const sharding = parseSharding(
      '{"default":[1,3],"maxNonShardedLength":20}',
    );
    expect(
      shardedPath(
        'q861d21a15e368d4d0142887eb1d705d9-s24d51fa711f680e2147',
        sharding,
      ),
    ).toEqual([
      'q',
      '861',
      'd21a15e368d4d0142887eb1d705d9-s24d51fa711f680e2147.f',
    ]);
    expect(
      shardedPath('xn0_cc0aece7e741ecd0c0948f36ac4ca3d5', sharding)[1],
    ).toBe('n0_');
    expect(shardedPath('xw1795416782', sharding)).toEqual(['xw1795416782.f']);
    const override = parseSharding(
      '{"default":[1,3],"maxNonShardedLength":0,"overrides":[{"prefix":"x","shards":[2]}]}',
    );
    expect(shardedPath('xe1', override)).toEqual(['xe', '1.f']);
    expect(shardedPath('xe', override)).toEqual(['xe.f']);
    for (const text of [
      '[]',
      'null',
      'x',
      '{"default":[0]}',
      '{"default":"1"}',
      '{"maxNonShardedLength":"2"}',
    ]) {
      expect(() => parseSharding(text)).toThrow();
    }
    expect(parseSharding(formatSharding(oldSharding)).default).toEqual([3, 3]);
  });

  it('is private, and leaves no temporary files', async () => {
    const folder = temporaryFolder();
    const storage = await FolderStorage.open(join(folder, 'made'), {
      create: true,
    });
    await storage.put('p0123456789abcdef0123456789abcdef', Buffer.from('x'));
    expect(statSync(join(folder, 'made', 'p')).mode & 0o777).toBe(0o700);
    const file = join(
      folder,
      'made',
      'p',
      '012',
      '3456789abcdef0123456789abcdef.f',
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'made')).sort()).toEqual(['.shards', 'p']);
    expect(readFileSync(join(folder, 'made', '.shards'), 'utf8')).toBe(
      '{"default":[1,3],"maxNonShardedLength":20}\n',
    );
  });

  it('ignores what is not a blob and opens folders without .shards', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'p12', '345'), { recursive: true });
    writeFileSync(join(folder, 'p12', '345', '67890123456789012345.f'), 'x');
    writeFileSync(
      join(folder, 'p12', '345', '67890123456789012345.f.tmp.0011223344556677'),
      'y',
    );
    writeFileSync(join(folder, 'README'), 'z');
    const storage = await FolderStorage.open(folder);
    expect((await listAll(storage, '')).map(({ id }) => id)).toEqual([
      'p1234567890123456789012345',
    ]);
    expect((await storage.get('p1234567890123456789012345')).toString()).toBe(
      'x',
    );
    expect(existsSync(join(folder, '.shards'))).toBe(false);
  });

  it('leaves no file open, also when reads end late', async () => {
    const folder = temporaryFolder();
    const storage = await FolderStorage.open(folder, { create: true });
    await storage.put('p1', Buffer.alloc(1000));
    const range = { offset: 10, length: 20 };
    await storage.get('p1', range);
    const late = Promise.all([
      storage.get('p1', range),
      storage.get('p1', range),
    ]);
    await storage.close();
    await late;
    await storage.get('p1', range);
    const descriptors = '/proc/self/fd';
    if (!existsSync(descriptors)) return;
    const open = readdirSync(descriptors).map(fd => {
      try {
        return readlinkSync(join(descriptors, fd));
      } catch {
        return '';
      }
    });
    expect(open.filter(path => path.startsWith(folder))).toEqual([]);
  });

  it('says what is wrong with its folder', async () => {
    const folder = temporaryFolder();
    await expect(FolderStorage.open(join(folder, 'missing'))).rejects.toThrow(
      'does not exist',
    );
    writeFileSync(join(folder, 'file'), '');
    await expect(FolderStorage.open(join(folder, 'file'))).rejects.toThrow();
    writeFileSync(join(folder, '.shards'), 'nonsense');
    await expect(FolderStorage.open(folder)).rejects.toThrow('not JSON');
    rmSync(join(folder, '.shards'));
    const storage = await FolderStorage.open(folder);
    writeFileSync(join(folder, 'abc'), 'a file where a folder should be');
    await expect(
      storage.put('abcdefghijklmnopqrstuvwxyz', Buffer.from('x')),
    ).rejects.toMatchObject({ code: 'storage' });
    await expect(
      storage.put('a', Buffer.from('x'), {
        retention: { mode: 'GOVERNANCE', periodMs: 1000 },
      }),
    ).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('S3', () => {
  let server: S3Server;
  const open = () =>
    new S3Storage({
      bucket: 'bucket',
      prefix: 'some/prefix/',
      endpoint: server.url,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    });
  beforeEach(async () => {
    server = await startS3Server(7);
  });
  afterEach(() => server.close());

  blobStorageConformance(async () => open());

  it('writes as Kopia does: key, type, checksum, storage class, lock', async () => {
    server.objects.set('some/prefix/.storageconfig', {
      data: Buffer.from(
        '{"blobOptions":[{"prefix":"p","storageClass":"STANDARD_IA"}]}',
      ),
      modified: new Date(),
      headers: {},
    });
    const storage = open();
    await storage.put('p1', Buffer.from('x'), {
      retention: { mode: 'COMPLIANCE', periodMs: 86_400_000 },
    });
    const { headers } = server.objects.get('some/prefix/p1')!;
    expect(headers).toMatchObject({
      'content-type': 'application/x-kopia',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'content-md5': 'ndTkYSaMgDT1yFZOFVxnpg==',
    });
    const until = Date.parse(headers['x-amz-object-lock-retain-until-date']);
    expect(until - Date.now()).toBeGreaterThan(86_000_000);
    await storage.put('kopia.maintenance', Buffer.from('x'));
    expect(
      server.objects.get('some/prefix/kopia.maintenance')!.headers[
        'x-amz-storage-class'
      ],
    ).toBeUndefined();
    expect((await listAll(storage, '')).map(({ id }) => id).sort()).toEqual([
      'kopia.maintenance',
      'p1',
    ]);
    await storage.extendRetention('p1', {
      mode: 'COMPLIANCE',
      periodMs: 2 * 86_400_000,
    });
    expect(
      server.objects.get('some/prefix/p1')!.headers['x-retention'],
    ).toContain('COMPLIANCE');
    await storage.close();
  });

  it('survives a storm of errors with retries, and explains without', async () => {
    const plain = open();
    await plain.put('first', Buffer.from('x'));
    server.faults.push(503);
    await expect(plain.get('p1')).rejects.toMatchObject({
      code: 'storage',
      retryable: true,
    });
    server.faults.push(403);
    await expect(plain.put('p1', Buffer.from('x'))).rejects.toMatchObject({
      code: 'read-only',
      retryable: false,
    });
    const waits: number[] = [];
    const storage = withRetry(plain, {
      wait: async ms => void waits.push(ms),
      random: () => 1,
    });
    server.faults.push(503, 500, 503, 503);
    await storage.put('p1', Buffer.from('content'));
    server.faults.push(503, 503);
    expect((await storage.get('p1')).toString()).toBe('content');
    server.faults.push(0, 503);
    for (let i = 0; i < 20; i++)
      await plain.put(`q${i}`, Buffer.from('x')).catch(() => undefined);
    server.faults.push(0, 503, 503);
    expect(await listAll(storage, 'q')).toHaveLength(19);
    expect(waits.slice(0, 4)).toEqual([200, 400, 800, 1600]);
    server.faults.push(...Array(8).fill(503));
    await expect(storage.stat('p1')).rejects.toMatchObject({ code: 'storage' });
    await storage.close();
  });

  it('names a missing bucket and a dead service', async () => {
    const options = {
      endpoint: server.url,
      credentials: { accessKeyId: 'k', secretAccessKey: 's' },
    };
    await expect(
      new S3Storage({ ...options, bucket: 'other' }).get('p1'),
    ).rejects.toThrow('bucket does not exist');
    const dead = new S3Storage({
      ...options,
      endpoint: 'http://127.0.0.1:9',
      bucket: 'bucket',
      timeoutMs: 500,
    });
    await expect(dead.get('p1')).rejects.toMatchObject({
      code: 'storage',
      retryable: true,
    });
  });
});

describe('a service that falls silent', () => {
  it.each([
    ['before its answer', 0],
    ['in the middle of it', 1000],
  ])('%s is not waited for', async (_, bytes) => {
    const silent = createServer((_request, answer) => {
      if (bytes === 0) return;
      answer.writeHead(200, { 'content-length': 10_000 });
      answer.write(Buffer.alloc(bytes));
    });
    await new Promise<void>(resolve => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const { port } = silent.address() as AddressInfo;
    const storage = new S3Storage({
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'k', secretAccessKey: 's' },
      bucket: 'bucket',
      timeoutMs: 500,
    });
    await expect(storage.get('p1')).rejects.toMatchObject({
      code: 'storage',
      retryable: true,
    });
    await storage.close();
    silent.closeAllConnections();
    await new Promise(resolve => silent.close(resolve));
  });
});

describe('wrappers', () => {
  describe('retry', () => {
    blobStorageConformance(async () => withRetry(new MemoryStorage()));
  });
  describe('time-out', () => {
    blobStorageConformance(async () => withTimeout(new MemoryStorage(), 1000));
  });
  describe('logging', () => {
    blobStorageConformance(async () =>
      withLogging(new MemoryStorage(), () => undefined),
    );
  });

  it('counts and logs', async () => {
    const lines: string[] = [];
    const { storage, metrics } = withMetrics(
      withLogging(new MemoryStorage(), line => lines.push(line)),
    );
    await storage.put('a', Buffer.from('12345'));
    await storage.get('a', { offset: 0, length: 2 });
    await storage.get('b').catch(() => undefined);
    await listAll(storage, '');
    expect(metrics.put).toMatchObject({ calls: 1, amount: 5, errors: 0 });
    expect(metrics.get).toMatchObject({ calls: 2, amount: 2, errors: 1 });
    expect(metrics.list).toMatchObject({ calls: 1, amount: 1 });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^blob put a .* 5 bytes$/);
    expect(lines[2]).toContain('failed: Blob b does not exist');
  });

  it('ends calls that hang', async () => {
    const hanging = {
      ...readOnly(new MemoryStorage()),
      get: () => new Promise<Buffer>(() => undefined),
    } as BlobStorage;
    await expect(withTimeout(hanging, 20).get('a')).rejects.toMatchObject({
      code: 'timeout',
      retryable: true,
    });
    const endless: BlobStorage = {
      ...readOnly(new MemoryStorage()),
      list: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => undefined),
        }),
      }),
    };
    await expect(listAll(withTimeout(endless, 20), 'p')).rejects.toMatchObject({
      code: 'timeout',
    });
  });

  it('refuses changes when read-only', async () => {
    const memory = new MemoryStorage();
    await memory.put('a', Buffer.from('x'));
    const storage = readOnly(memory);
    await expect(storage.put('b', Buffer.from('x'))).rejects.toMatchObject({
      code: 'read-only',
    });
    await expect(storage.delete('a')).rejects.toThrow('opened read-only');
    expect((await storage.get('a')).toString()).toBe('x');
  });

  it('does not repeat what cannot succeed', async () => {
    let calls = 0;
    const failing: BlobStorage = {
      ...readOnly(new MemoryStorage()),
      get: async () => {
        calls += 1;
        throw new KopiaError('blob-not-found', 'no');
      },
    };
    await expect(withRetry(failing).get('a')).rejects.toThrow('no');
    expect(calls).toBe(1);
  });

  it('keeps locked blobs in memory, too', async () => {
    let now = 1000;
    const memory = new MemoryStorage(() => now);
    await memory.put('a', Buffer.from('x'), {
      retention: { mode: 'GOVERNANCE', periodMs: 100 },
    });
    await expect(memory.delete('a')).rejects.toThrow('locked');
    now = 1101;
    await memory.delete('a');
    expect(await memory.stat('a')).toBeUndefined();
  });
});
