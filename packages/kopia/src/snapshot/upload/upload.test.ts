import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { MemoryStorage } from '../../blob/MemoryStorage';
import { openObject } from '../../object/ObjectReader';
import { CreateOptions, Repository } from '../../Repository';
import { restoreTree } from '../../restore/restoreTree';
import { fixtureRepositories } from '../../testing/fixtureRepositories';
import { fixtures } from '../../testing/fixtures';
import {
  linkDated,
  makeFixtureTree,
  writeDated,
} from '../../testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../../testing/temporaryFolder';
import { xorshift } from '../../testing/xorshift';
import { parseTimestamp } from '../../time/timestamps';
import { setPolicy } from '../policy';
import {
  deleteSnapshot,
  findEntry,
  listSnapshots,
  readDirectory,
  rootOf,
  walkSnapshot,
} from '../snapshots';
import { holdDirectory } from './HeldDirectory';
import { readSourceDirectory, SourceError } from './sourceFiles';
import { uploadStream, uploadTree } from './uploadSnapshot';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const password = 'test';
const create = (options: Partial<CreateOptions> = {}) =>
  Repository.create({
    storage: new MemoryStorage(),
    password,
    workers: 0,
    ...options,
  });

async function bytesOf(repository: Repository, id: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of (await openObject(repository.contents, id)).stream())
    parts.push(part);
  return Buffer.concat(parts);
}

async function paths(
  repository: Repository,
  snapshot = listSnapshots(repository).at(-1)!,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of walkSnapshot(repository, rootOf(snapshot)))
    if (path) found.push(path);
  return found.sort();
}

const reference = fixtures ? fixtureRepositories()[0][1] : undefined;
const withFixtures = reference && process.geteuid?.() === 0 ? it : it.skip;
withFixtures(
  'makes the same directory objects as the real program',
  async () => {
    const folder = temporaryFolder();
    makeFixtureTree(folder);
    const repository = await create({
      secret: Buffer.from(reference!.keys.hmacSecretHex, 'hex'),
    });
    const { snapshot, report } = await uploadTree(repository, folder, {
      source: { path: '/data' },
    });
    const wanted = reference!.snapshots[0];
    for (const [path, entry] of Object.entries(wanted.entries)) {
      expect([path, (await findEntry(repository, snapshot, path)).obj]).toEqual(
        [path, entry.obj],
      );
    }
    expect(rootOf(snapshot).obj).toBe(wanted.rootObject);
    expect(report).toMatchObject({
      complete: true,
      lost: { hardLinks: 2, specialFiles: 0 },
    });
    await repository.close();
  },
);

describe('a tree', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
    writeDated(join(folder, 'a.txt'), 'first');
    writeDated(join(folder, 'sub/b.bin'), xorshift(1, 3_000_000));
    writeDated(join(folder, 'sub/c.bin'), xorshift(1, 3_000_000));
    linkDated(join(folder, 'link'), 'a.txt');
  });

  it('is stored, found again after opening anew, and stored once', async () => {
    const storage = new MemoryStorage();
    const repository = await create({ storage });
    const progress: number[] = [];
    const { snapshot, report } = await uploadTree(repository, folder, {
      description: 'test',
      tags: { 'tag:app': 'shop' },
      pins: ['keep'],
      progressIntervalMs: 1,
      onProgress: ({ hashedBytes }) => progress.push(hashedBytes),
    });
    expect(report.complete).toBe(true);
    expect(report.progress).toMatchObject({
      files: 4,
      directories: 2,
      hashedBytes: 6_000_005,
      cachedFiles: 0,
    });
    expect(progress.at(-1)).toBe(6_000_005);
    await repository.close();
    expect([...storage.blobs.keys()].filter(id => id.startsWith('s'))).toEqual(
      [],
    );
    expect(
      [...storage.blobs.values()].reduce(
        (sum, { data }) => sum + data.length,
        0,
      ),
    ).toBeLessThan(3_100_000);

    const again = await Repository.open({ storage, password, workers: 0 });
    const [found] = listSnapshots(again, { tags: { 'tag:app': 'shop' } });
    expect(found).toEqual(snapshot);
    expect(await paths(again)).toEqual([
      'a.txt',
      'link',
      'sub',
      'sub/b.bin',
      'sub/c.bin',
    ]);
    expect(
      (
        await bytesOf(again, (await findEntry(again, found, 'sub/c.bin')).obj)
      ).equals(xorshift(1, 3_000_000)),
    ).toBe(true);
    expect(
      (
        await bytesOf(again, (await findEntry(again, found, 'link')).obj)
      ).toString(),
    ).toBe('a.txt');
    expect(listSnapshots(again, { source: { path: '/elsewhere' } })).toEqual(
      [],
    );
    await again.close();
  });

  it('is compared with the last snapshot by metadata', async () => {
    const repository = await create();
    const first = await uploadTree(repository, folder);
    const same = await uploadTree(repository, folder);
    expect(same.report.progress).toMatchObject({
      cachedFiles: 4,
      hashedBytes: 0,
    });
    expect(rootOf(same.snapshot).obj).toBe(rootOf(first.snapshot).obj);
    writeDated(join(folder, 'a.txt'), 'other', 1_700_000_001);
    chmodSync(join(folder, 'sub/b.bin'), 0o600);
    const changed = await uploadTree(repository, folder);
    expect(changed.report.progress).toMatchObject({
      cachedFiles: 2,
      hashedBytes: 3_000_005,
    });
    expect(
      (await findEntry(repository, changed.snapshot, 'sub/b.bin')).mode,
    ).toBe('0600');
    const all = await uploadTree(repository, folder, { previous: 'none' });
    expect(all.report.progress.cachedFiles).toBe(0);
    expect(rootOf(all.snapshot).obj).toBe(rootOf(changed.snapshot).obj);
    await repository.close();
  });

  it('knows what was restored, whose times Node cannot set to the nanosecond', async () => {
    const tree = temporaryFolder();
    const times = [
      '2026-11-23T10:11:12.123456789Z',
      '2026-11-23T10:11:12.999999999Z',
      '2026-11-23T10:11:12.5Z',
      '2026-11-23T10:11:12Z',
      '1955-05-05T05:05:05.123456789Z',
    ];
    const setTime = (path: string, time: string) =>
      execFileSync('touch', ['--no-dereference', '--date', time, path]);
    times.forEach((time, i) => {
      writeDated(join(tree, `sub/file-${i}`), xorshift(i + 1, 100_000));
      setTime(join(tree, `sub/file-${i}`), time);
    });
    symlinkSync('nowhere', join(tree, 'link'));
    setTime(join(tree, 'link'), times[0]);
    const repository = await create();
    const source = { path: '/data', host: 'h', userName: 'u' };
    const first = await uploadTree(repository, tree, { source });
    const target = join(temporaryFolder(), 'restored');
    await restoreTree(repository, rootOf(first.snapshot), target);

    const second = await uploadTree(repository, target, { source });
    expect(second.report.progress).toMatchObject({
      files: 6,
      cachedFiles: 6,
      hashedBytes: 0,
    });
    // What is stored is the time that the file has now.
    for (const name of ['link', 'sub/file-0']) {
      const { mtimeNs } = lstatSync(join(target, name), { bigint: true });
      const { mtime } = await findEntry(repository, second.snapshot, name);
      expect(parseTimestamp(mtime!)).toBe(mtimeNs);
    }
    // Another restore sets the same times.
    const again = join(temporaryFolder(), 'restored');
    await restoreTree(repository, rootOf(second.snapshot), again);
    const third = await uploadTree(repository, again, { source });
    expect(third.report.progress).toMatchObject({ cachedFiles: 6 });
    expect(rootOf(third.snapshot).obj).toBe(rootOf(second.snapshot).obj);

    // Other times within the microsecond are changes, and so is every other difference.
    setTime(join(again, 'sub/file-0'), '2026-11-23T10:11:12.123456001Z');
    setTime(join(again, 'sub/file-1'), '2026-11-23T10:11:13.000000000Z');
    chmodSync(join(again, 'sub/file-2'), 0o600);
    const changed = await uploadTree(repository, again, { source });
    expect(changed.report.progress).toMatchObject({
      cachedFiles: 3,
      hashedBytes: 300_000,
    });
    await repository.close();
  });

  it('obeys ignore rules of policies and files', async () => {
    for (const name of [
      'x.tmp',
      'keep.tmp',
      'sub/y.tmp',
      'node_modules/z',
      'cache/data',
      'big.bin',
    ]) {
      writeDated(
        join(folder, name),
        name === 'big.bin' ? Buffer.alloc(4_000_000) : name,
      );
    }
    writeDated(
      join(folder, 'cache/CACHEDIR.TAG'),
      'Signature: 8a477f597d28d172789f06886806bc55\n',
    );
    writeDated(join(folder, '.kopiaignore'), '# rules\n*.tmp\n!keep.tmp\n');
    writeDated(join(folder, 'sub/.kopiaignore'), '/b.bin\n!y.tmp\n');
    const repository = await create();
    setPolicy(
      repository,
      {},
      { files: { ignore: ['/node_modules/'], maxFileSize: 3_500_000 } },
    );
    const { report } = await uploadTree(repository, folder);
    expect(await paths(repository)).toEqual([
      '.kopiaignore',
      'a.txt',
      'cache',
      'keep.tmp',
      'link',
      'sub',
      'sub/.kopiaignore',
      'sub/c.bin',
      'sub/y.tmp',
    ]);
    expect(report.progress).toMatchObject({
      excludedFiles: 3,
      excludedDirectories: 2,
    });
    await uploadTree(repository, folder, { useIgnoreRules: false });
    expect(await paths(repository)).toContain('node_modules/z');
    await repository.close();
  });

  it('compresses as the policy says', async () => {
    writeDated(join(folder, 'text.log'), 'compressible '.repeat(100_000));
    writeDated(join(folder, 'text.jpg'), 'not again '.repeat(10_000));
    const repository = await create();
    setPolicy(
      repository,
      {},
      { compression: { compressorName: 'zstd', neverCompress: ['.jpg'] } },
    );
    const { snapshot } = await uploadTree(repository, folder);
    const entry = async (path: string) =>
      repository.contents.find(
        (await findEntry(repository, snapshot, path)).obj,
      )!;
    expect(await entry('text.log')).toMatchObject({
      compression: 0x1100,
      originalLength: 1_300_000,
    });
    expect((await entry('text.log')).packedLength).toBeLessThan(2000);
    expect(await entry('text.jpg')).toMatchObject({
      compression: 0,
      packedLength: 100_028,
    });
    expect(
      (await bytesOf(repository, (await entry('text.log')).id)).toString(),
    ).toBe('compressible '.repeat(100_000));
    await repository.close();
  });

  it('lists what could not be read or named, and goes on', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    writeFileSync(
      Buffer.concat([
        Buffer.from(`${folder}/bad-`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('-name'),
      ]),
      'x',
    );
    writeFileSync(join(folder, 'bad-\ufffd\ufffd-name'), 'y');
    truncateSync(join(folder, 'a.txt'), 1_000_000);
    const repository = await create();
    const { snapshot, report } = await uploadTree(repository, folder);
    expect(report.invalidNames).toEqual(['bad-\ufffd\ufffd-name']);
    expect(report.collidingNames).toEqual(['bad-\ufffd\ufffd-name']);
    expect(report.lost).toMatchObject({
      hardLinks: 0,
      sparseFiles: 1,
      specialFiles: 1,
    });
    expect(report.complete).toBe(false);
    // What any client sees: an error of the entry, in the root's summary and in the manifest.
    expect(rootOf(snapshot).summ).toMatchObject({
      numFailed: 1,
      errors: [
        {
          path: 'bad-\ufffd\ufffd-name',
          error: expect.stringContaining('not UTF-8'),
        },
      ],
    });
    expect(snapshot.stats!.errorCount).toBe(1);
    expect(snapshot.incomplete).toBeUndefined();
    const object = await openObject(repository.contents, rootOf(snapshot).obj);
    expect((await object.readAll(100_000)).toString()).toContain(
      '"name":"bad-\\ufffd\\ufffd-name"',
    );
    await expect(
      uploadTree(repository, join(folder, 'missing')),
    ).rejects.toThrow('ENOENT');
    await expect(uploadTree(repository, join(folder, 'fifo'))).rejects.toThrow(
      'neither a directory nor a file',
    );
    await repository.close();
  });

  it('holds directories of a tree that is not trusted', async () => {
    const secrets = temporaryFolder();
    writeDated(join(secrets, 'b.bin'), 'the password');
    const held = await holdDirectory(join(folder, 'sub'));
    // The application replaces the directory by a link after the walk has entered it.
    renameSync(join(folder, 'sub'), join(folder, 'moved'));
    symlinkSync(secrets, join(folder, 'sub'));
    const entries = await readSourceDirectory(
      { path: held.path, listSize: 0 },
      () => undefined,
    );
    const { path } = entries.find(({ name }) => name === 'b.bin')!;
    expect(readFileSync(path).toString()).not.toContain('password');
    held.close();
    // … and before it.
    await expect(holdDirectory(join(folder, 'sub'))).rejects.toThrow(
      SourceError,
    );
    const repository = await create();
    const options = { untrusted: true, useIgnoreRules: false };
    const { snapshot } = await uploadTree(repository, folder, options);
    const trusted = await uploadTree(repository, folder, {
      previous: 'none',
      useIgnoreRules: false,
    });
    expect(rootOf(snapshot).obj).toBe(rootOf(trusted.snapshot).obj);
    expect((await findEntry(repository, snapshot, 'sub')).type).toBe('s');
    // Nothing stays open.
    await new Promise(resolve => setTimeout(resolve, 50));
    const stillOpen = readdirSync('/proc/self/fd').flatMap(fd => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    expect(stillOpen.filter(target => target.startsWith(folder))).toEqual([]);
    await repository.close();
  });

  const tools = ['getfattr', 'setfattr', 'setfacl'].every(tool => {
    try {
      execFileSync('which', [tool], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  it('counts attributes where the system can, and says where it cannot', async () => {
    let marked = false;
    if (tools) {
      try {
        execFileSync('setfattr', ['-n', 'user.a', join(folder, 'a.txt')]);
        execFileSync('setfacl', ['-m', 'u:1:r', join(folder, 'sub/b.bin')]);
        marked = true;
      } catch {
        // The file system has no attributes.
      }
    }
    const repository = await create();
    const { report } = await uploadTree(repository, folder);
    expect(report.lost.attributes).toEqual(
      tools
        ? {
            counted: true,
            accessControlLists: marked ? 1 : 0,
            extendedAttributes: marked ? 1 : 0,
          }
        : expect.objectContaining({
            counted: false,
            reason: 'getfattr is not installed',
          }),
    );
    const silent = await uploadTree(repository, folder, {
      countAttributes: false,
    });
    expect(silent.report.lost.attributes).toMatchObject({ counted: false });
    await repository.close();
  });

  it('may be one file', async () => {
    const repository = await create();
    const { snapshot } = await uploadTree(
      repository,
      join(folder, 'sub/b.bin'),
    );
    expect(rootOf(snapshot)).toMatchObject({
      type: 'f',
      size: 3_000_000,
      summ: { files: 1, size: 3_000_000 },
    });
    await repository.close();
  });

  it('is cut into parts above a size, as the real program does', async () => {
    writeDated(join(folder, 'exact'), xorshift(5, 2_000_000));
    const repository = await create();
    setPolicy(
      repository,
      {},
      { upload: { parallelUploadAboveSize: 1_000_000 } },
    );
    const { snapshot } = await uploadTree(repository, folder);
    const { obj } = await findEntry(repository, snapshot, 'exact');
    const { parts } = await openObject(repository.contents, obj);
    expect(parts!.map(({ start, length }) => [start, length])).toEqual([
      [0, 1_000_000],
      [1_000_000, 1_000_000],
      [2_000_000, 0],
    ]);
    expect(
      (await bytesOf(repository, obj)).equals(xorshift(5, 2_000_000)),
    ).toBe(true);
    await repository.close();
  });

  it('ends without a snapshot when cancelled, and the next upload works', async () => {
    const repository = await create();
    const controller = new AbortController();
    const cancelled = uploadTree(repository, folder, {
      signal: controller.signal,
      progressIntervalMs: 1,
      onProgress: () => controller.abort(new Error('enough')),
    });
    // The tree is small: when it wins the race there is a snapshot, otherwise none.
    const outcome = await cancelled.then(
      () => 'done',
      error => error.message,
    );
    expect(['done', 'enough']).toContain(outcome);
    await repository.close();
    const aborted = AbortSignal.abort(new Error('at once'));
    const fresh = await create();
    await expect(
      uploadTree(fresh, folder, { signal: aborted }),
    ).rejects.toThrow('at once');
    expect(listSnapshots(fresh)).toEqual([]);
    expect((await uploadTree(fresh, folder)).report.complete).toBe(true);
    await fresh.close();
  });

  it('leaves checkpoints behind while it runs, and removes its own', async () => {
    const storage = new MemoryStorage();
    const repository = await create({ storage });
    for (let i = 0; i < 20; i++)
      writeDated(join(folder, `many/${i}`), xorshift(i + 1, 600_000));
    let seen = 0;
    await uploadTree(repository, folder, {
      checkpointIntervalMs: 5,
      progressIntervalMs: 1,
      parallelFiles: 1,
      onProgress: () => {
        seen = Math.max(
          seen,
          listSnapshots(repository).filter(
            ({ incomplete }) => incomplete === 'checkpoint',
          ).length,
        );
      },
    });
    expect(seen).toBe(1);
    expect(
      listSnapshots(repository).map(({ incomplete }) => incomplete),
    ).toEqual([undefined]);
    await repository.close();
  });

  it('stores many small files together as it stores each alone', async () => {
    for (let i = 0; i < 400; i++) {
      const length = [0, 1, 900, 70_000, 262_144, 262_145][i % 6];
      writeDated(
        join(folder, `d${i % 7}/f${i}`),
        i % 5 ? xorshift((i % 90) + 1, length) : Buffer.alloc(length, 'text '),
      );
    }
    const secret = xorshift(7, 32);
    const upload = async (parallelFiles: number, compression: string) => {
      // With fewer files at once than threads, each is stored alone.
      const repository = await create({ secret, workers: 2 });
      setPolicy(
        repository,
        {},
        { compression: { compressorName: compression } },
      );
      const { snapshot, report } = await uploadTree(repository, folder, {
        parallelFiles,
      });
      const out = join(temporaryFolder(), 'out');
      await restoreTree(repository, rootOf(snapshot), out);
      const differences = execFileSync(
        'diff',
        ['-r', '--no-dereference', folder, out],
        { encoding: 'utf8' },
      );
      const { contents, deduplicated } = repository.contents.counts;
      await repository.close();
      return {
        obj: rootOf(snapshot).obj,
        progress: report.progress,
        counts: { contents, deduplicated },
        differences,
      };
    };
    for (const compression of ['none', 'zstd-fastest']) {
      const together = await upload(16, compression);
      const alone = await upload(1, compression);
      expect(together).toEqual(alone);
      expect(together.progress).toMatchObject({ files: 404, cachedFiles: 0 });
    }
  });

  it('names small files that cannot be read, and stores the others', async () => {
    for (let i = 0; i < 200; i++) writeDated(join(folder, `f${i}`), `${i}`);
    const repository = await create();
    const { objects } = repository;
    const storeFiles = objects.storeFiles.bind(objects);
    let gone = '';
    jest
      .spyOn(objects, 'storeFiles')
      .mockImplementationOnce((files, signal) => {
        gone = files[40].path.toString();
        rmSync(gone);
        return storeFiles(files, signal);
      });
    const { report } = await uploadTree(repository, folder);
    expect(report.errors).toEqual([
      { path: basename(gone), error: 'open: no such file or directory' },
    ]);
    expect(report.progress.files).toBe(203);
    await repository.close();
  });

  it('ends with what stops the storing of small files', async () => {
    for (let i = 0; i < 200; i++) writeDated(join(folder, `f${i}`), `${i}`);
    const repository = await create();
    jest
      .spyOn(repository.contents, 'appendSealed')
      .mockRejectedValue(new Error('no room'));
    await expect(
      uploadTree(repository, folder, { untrusted: true }),
    ).rejects.toThrow('no room');
    await repository.close();
  });

  it('keeps deletions and policies after opening anew', async () => {
    const storage = new MemoryStorage();
    const repository = await create({ storage });
    const { snapshot } = await uploadTree(repository, folder);
    for (let i = 0; i < 20; i++) {
      setPolicy(repository, {}, { retention: { keepLatest: i } });
      await repository.flush();
    }
    deleteSnapshot(repository, snapshot.id);
    await repository.flush();
    await repository.close();
    const again = await Repository.open({ storage, password, workers: 0 });
    expect(listSnapshots(again)).toEqual([]);
    expect(
      again.manifests.find({ type: 'policy' }).map(({ data }) => data),
    ).toEqual([{ retention: { keepLatest: 19 } }]);
    expect(again.contents.manifestContents().size).toBeLessThan(17);
    await again.close();
  });

  it('shares everything between writers that work at the same time', async () => {
    const storage = new MemoryStorage();
    const one = await create({ storage });
    const two = await Repository.open({ storage, password, workers: 0 });
    rmSync(join(folder, 'link'));
    const [first, second] = await Promise.all([
      uploadTree(one, folder, { source: { path: '/one' } }),
      uploadTree(two, folder, { source: { path: '/two' } }),
    ]);
    expect(rootOf(first.snapshot).obj).toBe(rootOf(second.snapshot).obj);
    await Promise.all([one.close(), two.close()]);
    const reader = await Repository.open({ storage, password, readOnly: true });
    expect(listSnapshots(reader)).toHaveLength(2);
    for (const entry of reader.contents.entries())
      await reader.contents.read(entry.id, { rehash: true });
    await expect(uploadTree(reader, folder)).rejects.toMatchObject({
      code: 'read-only',
    });
    await reader.close();
  });
});

it('tells what is stored of a stream while more is to come', async () => {
  const repository = await create({ splitter: 'FIXED-1M' });
  let told = 0;
  const piece = 1024 * 1024;
  async function* stream() {
    for (let i = 0; i < 8; i++) yield xorshift(i + 1, piece);
    // Two chunks may still be in the hands of the pipeline.
    for (let wait = 0; wait < 500 && told < 6 * piece; wait++)
      await new Promise(resolve => setTimeout(resolve, 10));
    expect(told).toBeGreaterThanOrEqual(6 * piece);
  }
  const { report } = await uploadStream(repository, stream(), '/dev/vdb', {
    source: { path: '/block', host: 'h', userName: 'u' },
    progressIntervalMs: 1,
    onProgress: ({ hashedBytes }) => {
      told = hashedBytes;
    },
  });
  expect(report.progress.hashedBytes).toBe(8 * piece);
  await repository.close();
});

it('stores a stream as one file, whatever the sizes of its pieces', async () => {
  const data = xorshift(9, 20_000_000);
  async function* pieces(size: number) {
    for (let at = 0; at < data.length; at += size)
      yield data.subarray(at, at + size);
  }
  const repository = await create();
  const one = await uploadStream(repository, pieces(100_000), '/dev/vdb', {
    source: { path: 'x/kopia/ns/pvc' },
  });
  const two = await uploadStream(repository, pieces(7_777_777), '/dev/vdb', {
    source: { path: 'x/kopia/ns/pvc' },
  });
  const [file] = await readDirectory(repository, rootOf(one.snapshot));
  const [again] = await readDirectory(repository, rootOf(two.snapshot));
  expect(file).toMatchObject({
    name: '/dev/vdb',
    type: 'f',
    size: data.length,
  });
  expect(again.obj).toBe(file.obj);
  expect((await bytesOf(repository, file.obj)).equals(data)).toBe(true);
  const object = await openObject(repository.contents, file.obj);
  for (const [offset, length] of [
    [0, 10],
    [8_388_600, 20],
    [19_999_990, 100],
  ]) {
    const parts: Buffer[] = [];
    for await (const part of object.stream(offset, length)) parts.push(part);
    expect(
      Buffer.concat(parts).equals(data.subarray(offset, offset + length)),
    ).toBe(true);
  }
  await repository.close();
});

it('stores an empty directory and an empty stream', async () => {
  const repository = await create();
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'nothing'));
  const { snapshot } = await uploadTree(repository, folder);
  const [nothing] = await readDirectory(repository, rootOf(snapshot));
  expect((await bytesOf(repository, nothing.obj)).toString()).toMatch(
    /^\{"stream":"kopia:directory","entries":null,"summary":\{/,
  );
  async function* none(): AsyncGenerator<Buffer> {
    // Nothing to give.
  }
  const stream = await uploadStream(repository, none(), 'empty');
  expect(rootOf(stream.snapshot).summ).toMatchObject({ size: 0, files: 1 });
  await repository.close();
});
