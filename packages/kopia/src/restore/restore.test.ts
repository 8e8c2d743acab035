import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MemoryStorage } from '../blob/MemoryStorage';
import { Repository } from '../Repository';
import { DirectoryEntry } from '../snapshot/DirectoryEntry';
import { formatDirectory } from '../snapshot/directoryJson';
import {
  findEntry,
  listSnapshots,
  readDirectory,
  rootOf,
  walkSnapshot,
} from '../snapshot/snapshots';
import { saveSnapshot } from '../snapshot/upload/saveSnapshot';
import { uploadStream, uploadTree } from '../snapshot/upload/uploadSnapshot';
import { makeFixtureTree, writeDated } from '../testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { xorshift } from '../testing/xorshift';
import { restoreTree } from './restoreTree';
import { readFile, restoreToDevice, tarOf, zipOf } from './streams';
import { verifyContents, verifySnapshots } from './verify';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const summary = {
  size: 0,
  files: 0,
  symlinks: 0,
  dirs: 1,
  maxTime: '2024-01-01T00:00:00Z',
  numFailed: 0,
};

/** Type, mode, owner, time to the microsecond (all that Node can set), size and link target of everything below a folder. */
function describeTree(root: string): string[] {
  return execFileSync(
    'find',
    ['.', '-printf', '%P|%y|%m|%U|%G|%s|%l|%TY-%Tm-%TdT%TH:%TM:%.9TS\n'],
    { cwd: root, encoding: 'utf8', env: { TZ: 'UTC', LC_ALL: 'C' } },
  )
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [path, type, mode, uid, gid, size, link, time] = line.split('|');
      return [
        path,
        type,
        mode,
        uid,
        gid,
        type === 'd' ? '' : size,
        link,
        time.slice(0, 26),
      ].join('|');
    })
    .sort();
}

describe('restoring', () => {
  let repository: Repository;
  let tree: string;
  let root: DirectoryEntry;
  beforeAll(async () => {
    tree = temporaryFolder();
    makeFixtureTree(tree);
    writeDated(join(tree, 'large.bin'), xorshift(77, 20_000_000));
    writeDated(join(tree, 'holes.bin'), xorshift(78, 1_000_000));
    truncateSync(join(tree, 'holes.bin'), 30_000_000);
    writeDated(join(tree, 'dir/late.txt'), 'x');
    repository = await Repository.create({
      storage: new MemoryStorage(),
      password: 'x',
      workers: 0,
    });
    root = rootOf((await uploadTree(repository, tree)).snapshot);
  });
  afterAll(() => repository.close());

  it('brings back bytes and all metadata that the format holds', async () => {
    const target = join(temporaryFolder(), 'out');
    const { errors, progress } = await restoreTree(repository, root, target);
    expect(errors).toEqual([]);
    execFileSync('diff', ['-r', '--no-dereference', tree, target]);
    // Links to one file come back as two files.
    expect(describeTree(target)).toEqual(describeTree(tree));
    expect(progress).toMatchObject({
      symlinks: 2,
      directories: 7,
      bytes:
        50_000_000 +
        614_400 +
        1800 +
        1 +
        38 +
        11 +
        18 +
        12 +
        21 +
        7 +
        5 +
        6 +
        2 +
        1,
    });
    expect(lstatSync(join(target, 'holes.bin')).blocks * 512).toBeLessThan(
      4_000_000,
    );
  });

  it('replaces what is there, or leaves it', async () => {
    const target = join(temporaryFolder(), 'out');
    await restoreTree(repository, root, target);
    writeFileSync(join(target, 'text.txt'), 'changed');
    writeFileSync(join(target, 'extra'), 'extra');
    const kept = await restoreTree(repository, root, target, {
      overwrite: false,
    });
    expect(kept.progress.files).toBe(0);
    expect(kept.progress.skipped).toBeGreaterThan(15);
    expect(readFileSync(join(target, 'text.txt'), 'utf8')).toBe('changed');
    await restoreTree(repository, root, target);
    expect(readFileSync(join(target, 'text.txt'), 'utf8')).toContain(
      'quick brown fox',
    );
    expect(existsSync(join(target, 'extra'))).toBe(true);
    await restoreTree(repository, root, target, { deleteExtra: true });
    expect(existsSync(join(target, 'extra'))).toBe(false);
  });

  it('does not follow links that are in the way', async () => {
    const outside = temporaryFolder();
    const target = temporaryFolder();
    symlinkSync(outside, join(target, 'dir'));
    writeFileSync(join(outside, 'text'), 'untouched');
    symlinkSync(join(outside, 'text'), join(target, 'text.txt'));
    await restoreTree(repository, root, target);
    expect(readdirSync(outside)).toEqual(['text']);
    expect(readFileSync(join(outside, 'text'), 'utf8')).toBe('untouched');
    execFileSync('diff', ['-r', '--no-dereference', tree, target]);
  });

  it('gives one file, one directory, and parts of files', async () => {
    const snapshot = listSnapshots(repository)[0];
    const target = temporaryFolder();
    await restoreTree(
      repository,
      await findEntry(repository, snapshot, 'dir/sub'),
      join(target, 'sub'),
    );
    expect(readdirSync(join(target, 'sub')).sort()).toEqual([
      'deep',
      'other.txt',
    ]);
    await restoreTree(
      repository,
      await findEntry(repository, snapshot, 'large.bin'),
      join(target, 'one'),
    );
    expect(
      readFileSync(join(target, 'one')).equals(xorshift(77, 20_000_000)),
    ).toBe(true);
    const parts: Buffer[] = [];
    const large = await findEntry(repository, snapshot, 'large.bin');
    for await (const part of readFile(repository, large, {
      offset: 10_000_000,
      length: 1000,
    }))
      parts.push(part as Buffer);
    expect(
      Buffer.concat(parts).equals(
        xorshift(77, 20_000_000).subarray(10_000_000, 10_001_000),
      ),
    ).toBe(true);
    await expect(
      findEntry(repository, snapshot, 'dir/none'),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  it('gives tar and zip streams that the usual tools unpack', async () => {
    const folder = temporaryFolder();
    for (const [name, stream, command] of [
      ['a.tar', tarOf(repository, root), ['tar', '-xpf']],
      [
        'a.zip',
        zipOf(repository, root),
        [
          'python3',
          '-c',
          'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(".")',
        ],
      ],
    ] as const) {
      await pipeline(stream, createWriteStream(join(folder, name)));
      const out = join(folder, `${name}.out`);
      mkdirSync(out);
      execFileSync(command[0], [...command.slice(1), join(folder, name)], {
        cwd: out,
      });
      if (name === 'a.tar')
        execFileSync('diff', ['-r', '--no-dereference', tree, out]);
      else {
        expect(
          readFileSync(join(out, 'large.bin')).equals(xorshift(77, 20_000_000)),
        ).toBe(true);
        expect(
          readFileSync(
            join(out, 'unicode-\u00f1-\u65e5\u672c\u8a9e-\u{1F600}.txt'),
            'utf8',
          ),
        ).toContain('κόσμε');
      }
    }
  });

  it('gives up archives when their reader does', async () => {
    const taken = join(temporaryFolder(), 'taken');
    writeFileSync(taken, '');
    for (const archive of [tarOf, zipOf]) {
      await expect(
        pipeline(
          archive(repository, root),
          createWriteStream(taken, { flags: 'wx' }),
        ),
      ).rejects.toMatchObject({ code: 'EEXIST' });
      await expect(
        pipeline(archive(repository, root), async parts => {
          let count = 0;
          for await (const _ of parts) {
            count += 1;
            if (count === 40) throw new Error('enough');
          }
        }),
      ).rejects.toThrow('enough');
      const stream = archive(repository, root);
      stream.once('data', () => stream.destroy());
      await once(stream, 'close');
    }
  });

  it('writes a stream to a device', async () => {
    async function* stream() {
      yield xorshift(5, 9_000_000);
    }
    const { snapshot } = await uploadStream(repository, stream(), '/dev/vdb', {
      source: { path: 'volume' },
    });
    const device = join(temporaryFolder(), 'device');
    writeFileSync(device, Buffer.alloc(10_000_000, 1));
    const [file] = await readDirectory(repository, rootOf(snapshot));
    expect(await restoreToDevice(repository, file, device)).toBe(9_000_000);
    const written = readFileSync(device);
    expect(written.subarray(0, 9_000_000).equals(xorshift(5, 9_000_000))).toBe(
      true,
    );
    expect(written[9_000_000]).toBe(1);
  });

  it('ends when it is cancelled', async () => {
    const controller = new AbortController();
    const target = join(temporaryFolder(), 'out');
    await expect(
      restoreTree(repository, root, target, {
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('enough')),
      }),
    ).rejects.toThrow('enough');
  });

  it('verifies snapshots and contents', async () => {
    const report = await verifySnapshots(repository, listSnapshots(repository));
    expect(report.damage).toEqual([]);
    expect(report.readFiles).toBeGreaterThan(15);
    const quick = await verifySnapshots(repository, listSnapshots(repository), {
      sample: 0,
    });
    expect(quick).toMatchObject({ damage: [], readFiles: 0 });
    expect((await verifyContents(repository)).damage).toEqual([]);
  });
});

describe('a hostile repository', () => {
  let repository: Repository;
  beforeEach(async () => {
    repository = await Repository.create({
      storage: new MemoryStorage(),
      password: 'x',
      workers: 0,
    });
  });
  afterEach(() => repository.close());

  async function rootWith(entries: DirectoryEntry[]): Promise<DirectoryEntry> {
    const { id } = await repository.objects.writeBuffer(
      formatDirectory(entries, summary),
      { prefix: 'k' },
    );
    return { name: 'root', type: 'd', mode: '0755', obj: id, summ: summary };
  }

  it('cannot write outside of the target', async () => {
    const { id } = await repository.objects.writeBuffer(Buffer.from('evil'));
    const link = await repository.objects.writeBuffer(Buffer.from('..'));
    const inner = await rootWith([
      { name: 'escaped', type: 'f', obj: id, size: 4 },
    ]);
    const root = await rootWith([
      ...[
        '../escaped',
        '..',
        '.',
        '',
        '/escaped',
        'a/../../escaped',
        'nul\0name',
      ].map(name => ({ name, type: 'f', obj: id, size: 4 })),
      { name: 'twice', type: 's', obj: link.id, size: 2 },
      { ...inner, name: 'twice' },
      { name: 'odd', type: 'x', obj: id },
      { name: 'good', type: 'f', obj: id, size: 4, mode: '0644' },
    ]);
    const parent = temporaryFolder();
    const { errors } = await restoreTree(
      repository,
      root,
      join(parent, 'target'),
    );
    expect(errors).toHaveLength(9);
    expect(readdirSync(parent)).toEqual(['target']);
    expect(readdirSync(join(parent, 'target')).sort()).toEqual([
      'good',
      'twice',
    ]);
    const stream = tarOf(repository, root);
    await expect(
      pipeline(stream, createWriteStream(join(parent, 'x.tar'))),
    ).rejects.toThrow('cannot be');
  });

  it('cannot lead into directories that contain themselves', async () => {
    const own = await Repository.create({
      storage: new MemoryStorage(),
      password: 'x',
      workers: 0,
      keyDerivation: 'pbkdf2-sha256-600000',
    });
    // Whoever has the password can store anything under any name.
    const forge = async (id: string, json: string) => {
      const plain = Buffer.from(json);
      const iv = Buffer.from(id.slice(-32), 'hex');
      own.contents.claim(id);
      await own.contents.appendSealed(
        id,
        own.keys.cipher.seal(plain, iv),
        plain.length,
        0,
      );
    };
    const [one, two] = [`k${'1'.repeat(32)}`, `k${'2'.repeat(32)}`];
    const directory = (obj: string) =>
      `{"stream":"kopia:directory","entries":[{"name":"a","type":"d","obj":"${obj}"},{"name":"b","type":"d","obj":"${obj}"}],"summary":{}}`;
    await forge(one, directory(two));
    await forge(two, directory(one));
    const parts = `x${'3'.repeat(32)}`;
    await forge(
      parts,
      `{"stream":"kopia:indirect","entries":[{"l":5,"o":"I${parts}"},{"s":5,"l":5,"o":"I${parts}"}]}`,
    );
    const summ = {
      size: 0,
      files: 0,
      symlinks: 0,
      dirs: 1,
      maxTime: '2024-01-01T00:00:00Z',
      numFailed: 0,
    };
    const root = { name: 'root', type: 'd' as const, obj: one, summ };
    const { errors } = await restoreTree(
      own,
      root,
      join(temporaryFolder(), 'out'),
    );
    expect(errors).toHaveLength(4);
    expect(errors[0].error).toContain('contains itself');
    const paths: string[] = [];
    const walk = async () => {
      for await (const { path } of walkSnapshot(own, root)) paths.push(path);
    };
    await expect(walk()).rejects.toThrow('contains itself');
    saveSnapshot(own, {
      source: { host: 'h', userName: 'u', path: '/p' },
      description: '',
      startTime: '2024-01-01T00:00:00Z',
      endTime: '2024-01-01T00:00:00Z',
      rootEntry: root,
    });
    await own.flush();
    const { damage } = await verifySnapshots(own, listSnapshots(own));
    // Verification also compares names with what is named.
    expect(damage).toHaveLength(1);
    expect(damage[0].error).toContain('another hash');
    const file = await restoreTree(
      own,
      { name: 'f', type: 'f', obj: `I${parts}`, size: 10 },
      join(temporaryFolder(), 'file'),
    );
    expect(file.errors).toHaveLength(1);
    await own.close();
  });

  it('cannot claim sizes that fill the memory', async () => {
    const { objects } = repository;
    const { id } = await objects.writeBuffer(Buffer.from('small'));
    const write = async (json: string) =>
      `I${(await objects.writeBuffer(Buffer.from(json), { prefix: 'x' })).id}`;
    const lying = await write(
      `{"stream":"kopia:indirect","entries":[{"l":9007199254740991,"o":"${id}"}]}\n`,
    );
    const gap = await write(
      `{"stream":"kopia:indirect","entries":[{"s":5,"l":5,"o":"${id}"}]}\n`,
    );
    const deep = 'I'.repeat(100) + id;
    const root = await rootWith([
      { name: 'lying', type: 'f', obj: lying, size: 9007199254740991 },
      { name: 'gap', type: 'f', obj: gap, size: 10 },
      { name: 'deep', type: 'f', obj: deep, size: 10 },
      { name: 'list', type: 'f', obj: `I${id}`, size: 10 },
      { name: 'none', type: 'f', obj: 'k'.repeat(33), size: 10 },
      { name: 'directory', type: 'd', obj: id },
      { name: 'huge-directory', type: 'd', obj: lying },
    ]);
    const { errors } = await restoreTree(
      repository,
      root,
      join(temporaryFolder(), 'out'),
    );
    expect(errors.map(({ path }) => path).sort()).toEqual([
      'deep',
      'directory',
      'gap',
      'huge-directory',
      'list',
      'lying',
      'none',
    ]);
    saveSnapshot(repository, {
      source: { host: 'h', userName: 'u', path: '/p' },
      description: '',
      startTime: '2024-01-01T00:00:00Z',
      endTime: '2024-01-01T00:00:00Z',
      rootEntry: root,
    });
    await repository.flush();
    const { damage } = await verifySnapshots(
      repository,
      listSnapshots(repository),
    );
    expect(damage.map(({ path }) => path).sort()).toEqual([
      'deep',
      'directory',
      'gap',
      'huge-directory',
      'list',
      'lying',
      'none',
    ]);
  });
});
