import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FolderStorage } from './blob/FolderStorage';
import { S3Storage } from './blob/S3Storage';
import { encryptionNames } from './encryption/ContentCipher';
import { hashNames } from './hashing/ContentHash';
import { hashesOf, judge, judgedHashes, judgeFolder } from './judge/judge';
import { openObject } from './object/ObjectReader';
import { runMaintenance } from './maintenance/runMaintenance';
import { CreateOptions, Repository } from './Repository';
import { restoreTree } from './restore/restoreTree';
import { setPolicy } from './snapshot/policy';
import { listSnapshots, rootOf, walkSnapshot } from './snapshot/snapshots';
import { uploadStream, uploadTree } from './snapshot/upload/uploadSnapshot';
import { kopiaProgram } from './testing/fixtures';
import { connectKopia } from './testing/kopiaProgram';
import { startS3Server } from './testing/s3Server';
import { makeFixtureTree, writeDated } from './testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';
import { xorshift } from './testing/xorshift';

jest.setTimeout(300_000);
afterAll(removeTemporaryFolders);

const password = 'pässwörd';

/** Everything that the real program can check about a repository. */
function verifyWithKopia(kopia: ReturnType<typeof connectKopia>) {
  kopia.run('content', 'verify', '--full', '--include-deleted');
  kopia.run('snapshot', 'verify', '--verify-files-percent=100');
  kopia.run('index', 'inspect', '--all');
  kopia.run('manifest', 'list');
}

async function filesOf(
  repository: Repository,
  id: string,
): Promise<Record<string, string>> {
  const snapshot = listSnapshots(repository).find(found => found.id === id)!;
  const files: Record<string, string> = {};
  for await (const { path, entry } of walkSnapshot(
    repository,
    rootOf(snapshot),
  )) {
    if (entry.type === 'd') continue;
    const hash = createHash('sha256');
    for await (const part of (
      await openObject(repository.contents, entry.obj)
    ).stream())
      hash.update(part);
    files[path] = hash.digest('hex');
  }
  return files;
}

(kopiaProgram ? describe : describe.skip)('with the real program', () => {
  const storages: FolderStorage[] = [];
  afterEach(async () => {
    for (const storage of storages.splice(0)) await storage.close();
  });
  async function openFolder(folder: string, create = false) {
    const storage = await FolderStorage.open(folder, { create });
    storages.push(storage);
    return storage;
  }
  let tree: string;
  beforeAll(() => {
    tree = temporaryFolder();
    makeFixtureTree(tree);
    writeDated(join(tree, 'large.bin'), xorshift(77, 25_000_000));
    writeDated(join(tree, 'zeros.bin'), Buffer.alloc(9_000_000));
    writeDated(
      join(tree, 'text.log'),
      'some compressible line of text\n'.repeat(200_000),
    );
  });

  async function open(folder: string, options: Partial<CreateOptions> = {}) {
    const storage = await openFolder(folder, true);
    return {
      storage,
      repository: await Repository.create({ storage, password, ...options }),
    };
  }

  it('shares a repository: each verifies, restores and extends what the other wrote', async () => {
    const folder = temporaryFolder();
    const { storage, repository } = await open(folder);
    setPolicy(repository, {}, { compression: { compressorName: 'zstd' } });
    const { snapshot } = await uploadTree(repository, tree, {
      source: { path: '/data', host: 'h', userName: 'u' },
    });
    async function* stream() {
      yield xorshift(3, 9_999_999);
    }
    await uploadStream(repository, stream(), '/dev/vdb', {
      source: { path: '/block', host: 'h', userName: 'u' },
    });
    await repository.close();

    const kopia = connectKopia(
      ['connect', 'filesystem', `--path=${folder}`],
      password,
    );
    verifyWithKopia(kopia);
    const out = join(temporaryFolder(), 'out');
    kopia.run('snapshot', 'restore', snapshot.id, out);
    execFileSync('diff', ['-r', '--no-dereference', tree, out]);
    for (const kind of ['p', 'q']) {
      for (const { id } of kopia.json<{ id: string }[]>(
        'blob',
        'list',
        `--prefix=${kind}`,
      )) {
        kopia.run(
          'index',
          'recover',
          `--blobs=${id}`,
          '--dangerous-commands=enabled',
        );
      }
    }
    expect(kopia.run('session', 'list').trim()).toBe('');

    // Theirs on ours: everything is known already.
    const before = kopia.json<{ id: string }[]>(
      'blob',
      'list',
      '--prefix=p',
    ).length;
    const theirs = kopia.json<{ id: string; rootEntry: { obj: string } }>(
      'snapshot',
      'create',
      tree,
      '--override-source=u@h:/data',
    );
    expect(theirs.rootEntry.obj).toBe(rootOf(snapshot).obj);
    expect(kopia.json<unknown[]>('blob', 'list', '--prefix=p')).toHaveLength(
      before,
    );

    // Ours again, after theirs.
    writeDated(join(tree, 'added.txt'), 'added');
    const again = await Repository.open({ storage, password });
    expect(listSnapshots(again).map(({ id }) => id)).toContain(theirs.id);
    const next = await uploadTree(again, tree, {
      source: { path: '/data', host: 'h', userName: 'u' },
    });
    expect(next.report.progress.hashedBytes).toBe(5);
    expect(await filesOf(again, next.snapshot.id)).toEqual({
      ...(await filesOf(again, theirs.id)),
      'added.txt': createHash('sha256').update('added').digest('hex'),
    });
    await again.close();
    verifyWithKopia(kopia);

    kopia.run('maintenance', 'set', '--owner=me');
    kopia.run('maintenance', 'run', '--full', '--safety=none');
    verifyWithKopia(kopia);
    const last = await Repository.open({ storage, password });
    for (const entry of last.contents.entries())
      if (!entry.deleted) await last.contents.read(entry.id, { rehash: true });
    const after = await uploadTree(last, tree, {
      source: { path: '/data', host: 'h', userName: 'u' },
    });
    expect(after.report.progress.hashedBytes).toBe(0);
    await last.changePassword('new');
    await last.close();
    const renewed = connectKopia(
      ['connect', 'filesystem', `--path=${folder}`],
      'new',
    );
    verifyWithKopia(renewed);
    renewed.run('repository', 'change-password', '--new-password=newer');
    await (await Repository.open({ storage, password: 'newer' })).close();
    await expect(
      Repository.open({ storage, password: 'new' }),
    ).rejects.toMatchObject({ code: 'invalid-password' });
    if (judgeFolder)
      expect((await judge(folder, 'newer')).snapshots).toHaveLength(5);
  });

  it.each([
    ...hashNames.map(hash => ({
      hash,
      encryption: encryptionNames[hashNames.indexOf(hash) % 2],
      splitter: 'FIXED-1M',
    })),
    {
      hash: 'BLAKE2B-256-128',
      encryption: encryptionNames[0],
      splitter: 'DYNAMIC-128K-BUZHASH',
    },
    {
      hash: 'BLAKE3-256',
      encryption: encryptionNames[1],
      splitter: 'DYNAMIC-1M-RABINKARP',
    },
  ])('agrees on %o', async parameters => {
    const folder = temporaryFolder();
    const { repository } = await open(folder, {
      ...parameters,
      keyDerivation: 'pbkdf2-sha256-600000',
    });
    setPolicy(
      repository,
      {},
      { compression: { compressorName: 'gzip-best-speed' } },
    );
    const { snapshot } = await uploadTree(repository, tree, {
      source: { path: '/data', host: 'h', userName: 'u' },
    });
    await repository.close();
    const kopia = connectKopia(
      ['connect', 'filesystem', `--path=${folder}`],
      password,
    );
    verifyWithKopia(kopia);
    const theirs = kopia.json<{ rootEntry: { obj: string } }>(
      'snapshot',
      'create',
      tree,
      '--override-source=u@h:/data',
      '--force-hash=100',
    );
    expect(theirs.rootEntry.obj).toBe(rootOf(snapshot).obj);
  });

  it('shares a bucket', async () => {
    const server = await startS3Server();
    // The program and this test share a thread's time: it must answer while the program runs.
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const storage = new S3Storage({
      bucket: 'bucket',
      prefix: 'p/',
      endpoint: server.url,
      credentials,
    });
    const repository = await Repository.create({ storage, password });
    const { snapshot } = await uploadTree(repository, tree);
    await repository.close();
    const home = temporaryFolder();
    const env = {
      ...process.env,
      KOPIA_PASSWORD: password,
      KOPIA_CHECK_FOR_UPDATES: 'false',
      HOME: home,
      KOPIA_CACHE_DIRECTORY: join(home, 'cache'),
    };
    const kopia = (...args: string[]) =>
      promisify(execFile)(
        kopiaProgram!,
        [
          ...args,
          `--config-file=${home}/c`,
          `--log-dir=${home}/l`,
          '--no-progress',
          '--no-auto-maintenance',
          '--no-persist-credentials',
        ],
        { env },
      );
    await kopia(
      'repository',
      'connect',
      's3',
      '--bucket=bucket',
      '--prefix=p/',
      `--endpoint=${new URL(server.url).host}`,
      '--disable-tls',
      '--access-key=key',
      '--secret-access-key=secret',
      '--region=us-east-1',
      '--max-list-cache-duration=0s',
    );
    await kopia('content', 'verify', '--full');
    await kopia('snapshot', 'verify', '--verify-files-percent=100');
    await kopia('snapshot', 'create', join(tree, 'dir'));
    const again = await Repository.open({ storage, password });
    expect(listSnapshots(again).map(({ id }) => id)).toContain(snapshot.id);
    expect(listSnapshots(again)).toHaveLength(2);
    await again.close();
    await server.close();
  });

  it('maintains what the real program made, beside it', async () => {
    const folder = temporaryFolder();
    const kopia = connectKopia(
      ['create', 'filesystem', `--path=${folder}`],
      password,
      { username: 'me', hostname: 'here' },
    );
    const source = temporaryFolder();
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      writeDated(join(source, `file-${i}`), xorshift(i + 1, 400_000));
      writeDated(
        join(source, 'changing'),
        xorshift(i + 50, 50_000),
        1_700_000_000 + i,
      );
      ids.push(kopia.json<{ id: string }>('snapshot', 'create', source).id);
    }
    kopia.run('snapshot', 'delete', ids[0], ids[1], '--delete');
    const storage = await openFolder(folder);
    const repository = await Repository.open({
      storage,
      password,
      user: { username: 'me', hostname: 'here' },
    });
    for (let round = 0; round < 3; round++) {
      const { tasks } = await runMaintenance(repository, {
        mode: 'full',
        safety: 'none',
      });
      expect(tasks.map(({ task }) => task)).toContain('full-delete-blobs');
      verifyWithKopia(kopia);
      writeDated(
        join(source, 'changing'),
        xorshift(round + 90, 50_000),
        1_700_000_100 + round,
      );
      kopia.run('snapshot', 'create', source);
      await repository.refresh();
      await uploadTree(repository, source, { source: { path: '/ours' } });
    }
    kopia.run('maintenance', 'run', '--full', '--safety=none');
    verifyWithKopia(kopia);
    const info = kopia.json<{ schedule?: { runs: Record<string, unknown[]> } }>(
      'maintenance',
      'info',
    );
    expect(JSON.stringify(info)).toContain('snapshot-gc');
    await repository.refresh();
    expect(listSnapshots(repository)).toHaveLength(10);
    for (const entry of repository.contents.entries()) {
      if (!entry.deleted)
        await repository.contents.read(entry.id, { rehash: true });
    }
    await repository.close();
  });

  it('reads every compressor that it writes, and repositories of version 1 and without .shards', async () => {
    const compressors = [
      's2-default',
      's2-better',
      's2-parallel-4',
      'zstd',
      'zstd-fastest',
      'zstd-better-compression',
      'gzip',
      'pgzip',
      'deflate-default',
    ];
    for (const version of [1, 2, 3]) {
      const folder = temporaryFolder();
      const kopia = connectKopia(
        [
          'create',
          'filesystem',
          `--path=${folder}`,
          `--format-version=${version}`,
        ],
        password,
      );
      for (const compressor of compressors) {
        kopia.run('policy', 'set', '--global', `--compression=${compressor}`);
        writeDated(
          join(tree, 'text.log'),
          `${compressor} and a compressible line of text\n`.repeat(100_000),
        );
        kopia.run('snapshot', 'create', tree);
      }
      const repository = await Repository.open({
        storage: await openFolder(folder),
        password,
        readOnly: true,
      });
      expect(repository.format.version).toBe(version);
      const snapshots = listSnapshots(repository);
      expect(snapshots).toHaveLength(compressors.length);
      const expected: Record<string, string> = {};
      for (const name of readdirSync(tree)) {
        if (existsSync(join(tree, name)) && name.endsWith('.bin'))
          expected[name] = createHash('sha256')
            .update(readFileSync(join(tree, name)))
            .digest('hex');
      }
      for (const [i, { id }] of snapshots.entries()) {
        const text =
          `${compressors[i]} and a compressible line of text\n`.repeat(100_000);
        expect(await filesOf(repository, id)).toMatchObject({
          ...expected,
          'text.log': createHash('sha256').update(text).digest('hex'),
        });
      }
      await repository.close();
      if (version === 1) {
        const writing = await Repository.open({
          storage: await openFolder(folder),
          password,
        });
        await expect(uploadTree(writing, tree)).rejects.toMatchObject({
          code: 'unsupported',
        });
        await writing.close();
      }
    }
  });

  it('passes every command of the real program, on a tree and settings of its own', async () => {
    const folder = temporaryFolder();
    const { storage, repository } = await open(folder, {
      hash: 'BLAKE3-256-128',
      encryption: 'CHACHA20-POLY1305-HMAC-SHA256',
      splitter: 'DYNAMIC-512K-BUZHASH',
      maxPackSize: 12 << 20,
    });
    setPolicy(
      repository,
      {},
      { compression: { compressorName: 'deflate-best-speed', minSize: 1000 } },
    );
    const source = temporaryFolder();
    for (let i = 0; i < 400; i++)
      writeDated(
        join(source, `d${i % 7}`, `deep${i % 3}`, `file ${i} \u{1F600}.bin`),
        xorshift(i + 1, (i * 977) % 60_000),
        1_600_000_000 + i,
      );
    writeDated(join(source, 'long.txt'), 'a line of text\n'.repeat(500_000));
    chmodSync(join(source, 'long.txt'), 0o640);
    mkdirSync(join(source, 'sticky'), { mode: 0o1777 });
    const { snapshot } = await uploadTree(repository, source);
    rmSync(join(source, 'd3'), { recursive: true });
    await uploadTree(repository, source);
    await repository.close();
    const kopia = connectKopia(
      ['connect', 'filesystem', `--path=${folder}`],
      password,
      { username: 'me', hostname: 'here' },
    );
    const status = kopia.run('repository', 'status');
    for (const text of ['BLAKE3-256-128', 'CHACHA20', '512K', '12.6 MB'])
      expect(status).toContain(text);
    kopia.run('index', 'list');
    kopia.run('index', 'epoch', 'list');
    kopia.run('content', 'stats');
    kopia.run('blob', 'stats');
    kopia.run('policy', 'list');
    kopia.run('diff', snapshot.id, snapshot.id);
    expect(kopia.run('ls', '-l', snapshot.id)).toContain('long.txt');
    verifyWithKopia(kopia);
    const out = join(temporaryFolder(), 'out');
    kopia.run('snapshot', 'restore', snapshot.id, out);
    const reader = await Repository.open({ storage, password, readOnly: true });
    const ours = join(temporaryFolder(), 'out');
    await restoreTree(reader, rootOf(snapshot), ours);
    await reader.close();
    // Bytes, modes, owners, and times of files to the microsecond, by a third program.
    const listed = (root: string) =>
      execFileSync(
        'find',
        ['.', '-type', 'f', '-printf', '%p %m %U %G %s %T@\n'],
        { cwd: root, encoding: 'utf8' },
      )
        .split('\n')
        .map(line => line.replace(/(\.\d{6})\d*$/, '$1'))
        .sort();
    expect(listed(ours)).toEqual(listed(out));
    execFileSync('diff', ['-r', out, ours]);
    kopia.run('maintenance', 'set', '--owner=me');
    kopia.run('maintenance', 'info');
    kopia.run('maintenance', 'run', '--no-full');
    kopia.run('snapshot', 'delete', snapshot.id, '--delete');
    for (let i = 0; i < 2; i++) {
      kopia.run('maintenance', 'run', '--full', '--safety=none');
      verifyWithKopia(kopia);
    }
    const last = await Repository.open({
      storage,
      password,
      user: { username: 'me', hostname: 'here' },
    });
    await runMaintenance(last, { mode: 'full', safety: 'none', force: true });
    await last.close();
    verifyWithKopia(kopia);
    expect(kopia.json<unknown[]>('snapshot', 'list', '--all')).toHaveLength(1);
  });

  it('writes beside the real program at the same time', async () => {
    const folder = temporaryFolder();
    const { storage, repository } = await open(folder);
    const kopia = connectKopia(
      ['connect', 'filesystem', `--path=${folder}`],
      password,
    );
    const expected: Record<string, Record<string, string>> = {};
    const another = await Repository.open({ storage, password });
    const sourceOf = (number: number, round: number) => {
      const source = temporaryFolder();
      // Half is common to all writers, half is not.
      writeDated(join(source, 'common'), xorshift(round + 1, 3_000_000));
      writeDated(join(source, 'own'), xorshift(number * 100 + round, 500_000));
      return source;
    };
    const ours = async (client: Repository, number: number) => {
      for (let round = 0; round < 6; round++) {
        const source = sourceOf(number, round);
        const { snapshot } = await uploadTree(client, source);
        expected[snapshot.id] = hashesOf(source);
      }
    };
    const theirs = async (number: number) => {
      for (let round = 0; round < 6; round++) {
        const source = sourceOf(number, round);
        const made = JSON.parse(
          await kopia.start('snapshot', 'create', source, '--json'),
        ) as { id: string };
        expected[made.id] = hashesOf(source);
      }
    };
    await Promise.all([
      ours(repository, 1),
      ours(another, 2),
      theirs(3),
      theirs(4),
    ]);
    await another.close();
    await repository.refresh();
    expect(Object.keys(expected)).toHaveLength(24);
    for (const [id, files] of Object.entries(expected))
      expect(await filesOf(repository, id)).toEqual(files);
    await repository.close();
    verifyWithKopia(kopia);
    if (judgeFolder)
      expect(judgedHashes(await judge(folder, password))).toEqual(expected);
  });

  it('stays away while the real program upgrades a repository, and extends it afterwards', async () => {
    const folder = temporaryFolder();
    const kopia = connectKopia(
      ['create', 'filesystem', `--path=${folder}`, '--format-version=1'],
      password,
    );
    kopia.run('snapshot', 'create', tree);
    const storage = await openFolder(folder);
    const reader = await Repository.open({ storage, password });
    const [before] = listSnapshots(reader);
    const files = await filesOf(reader, before.id);
    await reader.close();
    const owner = '--upgrade-owner-id=lifeboat-test';
    const hurry = [
      '--io-drain-timeout=1s',
      '--allow-unsafe-upgrade',
      '--status-poll-interval=1s',
      '--max-permitted-clock-drift=1s',
    ];
    kopia.run('repository', 'upgrade', 'begin', owner, '--lock-only', ...hurry);
    await expect(
      Repository.open({ storage, password, readOnly: true }),
    ).rejects.toMatchObject({ code: 'upgrade-in-progress', retryable: true });
    kopia.run('repository', 'upgrade', 'rollback', owner, '--force');
    await (await Repository.open({ storage, password })).close();

    kopia.run('repository', 'upgrade', 'begin', owner, ...hurry);
    const upgraded = await Repository.open({ storage, password });
    expect(upgraded.format).toMatchObject({
      version: 3,
      enablePasswordChange: false,
      epochs: { Enabled: true },
    });
    expect(await filesOf(upgraded, before.id)).toEqual(files);
    writeDated(join(tree, 'after-upgrade.txt'), 'after');
    const { snapshot } = await uploadTree(upgraded, tree);
    expect(await filesOf(upgraded, snapshot.id)).toMatchObject(files);
    await upgraded.close();
    rmSync(join(tree, 'after-upgrade.txt'));
    // Not `index inspect`: it trips over the blob that keeps old clients away.
    const check = () => {
      kopia.run('content', 'verify', '--full', '--include-deleted');
      kopia.run('snapshot', 'verify', '--verify-files-percent=100');
    };
    check();
    kopia.run('maintenance', 'run', '--full', '--safety=none');
    check();
  });

  it('shows names that it cannot hold as errors to the real program', async () => {
    const folder = temporaryFolder();
    const { repository } = await open(folder);
    const source = temporaryFolder();
    writeDated(join(source, 'sub', 'good'), 'good');
    writeFileSync(
      Buffer.concat([Buffer.from(`${source}/sub/bad-`), Buffer.from([0xff])]),
      'bad',
    );
    const { snapshot, report } = await uploadTree(repository, source);
    expect(report.complete).toBe(false);
    await repository.close();
    const kopia = connectKopia(
      ['connect', 'filesystem', `--path=${folder}`],
      password,
    );
    verifyWithKopia(kopia);
    expect(kopia.run('snapshot', 'list', '--all')).toContain('errors:1');
    const [listed] = kopia.json<
      { rootEntry: { summ: { numFailed: number; errors: unknown } } }[]
    >('snapshot', 'list', '--all');
    expect(listed.rootEntry.summ).toMatchObject({
      numFailed: 1,
      errors: [{ path: 'sub/bad-\ufffd' }],
    });
    const out = join(temporaryFolder(), 'out');
    kopia.run('snapshot', 'restore', snapshot.id, out);
    expect(readFileSync(join(out, 'sub', 'bad-\ufffd'), 'utf8')).toBe('bad');
  });
});
