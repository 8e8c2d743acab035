import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FolderStorage } from '../blob/FolderStorage';
import { writableCompressors } from '../compression/compressors';
import { encryptionNames } from '../encryption/ContentCipher';
import { hashNames } from '../hashing/ContentHash';
import { initializeRepository } from '../maintenance/parameters';
import { runMaintenance } from '../maintenance/runMaintenance';
import { CreateOptions, Repository } from '../Repository';
import { setPolicy } from '../snapshot/policy';
import { deleteSnapshot } from '../snapshot/snapshots';
import { SnapshotManifest } from '../snapshot/SnapshotManifest';
import {
  uploadDevice,
  uploadStream,
  uploadTree,
} from '../snapshot/upload/uploadSnapshot';
import { fixtureRepositories } from '../testing/fixtureRepositories';
import { fixtures } from '../testing/fixtures';
import { makeFixtureTree, writeDated } from '../testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { xorshift } from '../testing/xorshift';
import {
  markVeleroRepository,
  veleroIdentity,
  veleroSnapshot,
} from '../velero/veleroRepository';
import { hashesOf, judge, judgedHashes, judgeFolder } from './judge';

jest.setTimeout(300_000);
afterAll(removeTemporaryFolders);

const password = 'pässwörd';
const quickKey = 'pbkdf2-sha256-600000';
const me = { username: 'me', hostname: 'here' };

(judgeFolder ? describe : describe.skip)('with the independent judge', () => {
  let tree: string;
  beforeAll(() => {
    tree = temporaryFolder();
    makeFixtureTree(tree);
    writeDated(join(tree, 'large.bin'), xorshift(77, 9_000_000));
    writeDated(join(tree, 'zeros.bin'), Buffer.alloc(9_000_000));
    writeDated(
      join(tree, 'text.log'),
      'some compressible line of text\n'.repeat(100_000),
    );
  });

  /** A repository in a folder of its own; `done` closes it and lets the judge read it. */
  async function made(options: Partial<CreateOptions> = {}) {
    const folder = temporaryFolder();
    const storage = await FolderStorage.open(folder, { create: true });
    const repository = await Repository.create({
      storage,
      password,
      user: me,
      ...options,
    });
    return {
      folder,
      storage,
      repository,
      async done(withPassword = password) {
        await repository.close();
        await storage.close();
        return judge(folder, withPassword);
      },
    };
  }

  it.each([
    ...hashNames.map((hash, i) => ({
      hash,
      encryption: encryptionNames[i % 2],
      splitter: ['FIXED-1M', 'DYNAMIC-128K-BUZHASH', 'DYNAMIC-1M-RABINKARP'][
        i % 3
      ],
    })),
    {
      hash: 'BLAKE3-256-128',
      encryption: encryptionNames[0],
      splitter: 'DYNAMIC-2M-BUZHASH',
    },
    {
      hash: 'HMAC-SHA3-224',
      encryption: encryptionNames[1],
      splitter: 'FIXED-128K',
    },
  ])('reads %o', async parameters => {
    const { repository, done } = await made({
      ...parameters,
      keyDerivation: quickKey,
    });
    const { snapshot, report } = await uploadTree(repository, tree);
    expect(report.complete).toBe(true);
    const seen = await done();
    expect(seen.format).toMatchObject({ ...parameters, version: 3 });
    expect(seen.sessions).toEqual([]);
    expect(judgedHashes(seen)).toEqual({ [snapshot.id]: hashesOf(tree) });
  });

  it('reads the defaults, with all that the format holds of each entry', async () => {
    const { repository, done } = await made();
    const { snapshot } = await uploadTree(repository, tree, {
      description: 'nightly',
      tags: { reason: 'test' },
      pins: ['kept'],
    });
    const seen = await done();
    expect(seen.keyAlgorithm).toBe('scrypt-65536-8-1');
    expect(seen.format).toMatchObject({
      hash: 'BLAKE2B-256-128',
      encryption: 'AES256-GCM-HMAC-SHA256',
      splitter: 'DYNAMIC-4M-BUZHASH',
      indexVersion: 2,
      enablePasswordChange: true,
    });
    expect(judgedHashes(seen)).toEqual({ [snapshot.id]: hashesOf(tree) });
    const [{ labels, manifest, entries }] = seen.snapshots;
    expect(labels).toMatchObject({ hostname: 'here', reason: 'test' });
    expect(manifest).toMatchObject({
      description: 'nightly',
      pins: ['kept'],
      source: { host: 'here', userName: 'me', path: tree },
    });
    expect(entries['setuid.bin']).toMatchObject({ mode: '040000755' });
    expect(entries['script.sh']).toMatchObject({
      mtime: '2024-01-01T00:00:00.12Z',
    });
    expect(entries.dangling).toMatchObject({ type: 's', mode: '0777' });
  });

  it('reads what every compressor wrote, and what none did', async () => {
    const { repository, done } = await made({ keyDerivation: quickKey });
    const expected: Record<string, Record<string, string>> = {};
    const names = ['none', ...writableCompressors];
    for (const compressorName of names) {
      setPolicy(repository, {}, { compression: { compressorName } });
      const folder = temporaryFolder();
      writeDated(
        join(folder, 'text.log'),
        `${compressorName} and a line\n`.repeat(300_000),
      );
      writeDated(
        join(folder, 'random.bin'),
        xorshift(names.indexOf(compressorName) + 900, 70_000),
      );
      const { snapshot } = await uploadTree(repository, folder);
      expected[snapshot.id] = hashesOf(folder);
    }
    const seen = await done();
    expect(judgedHashes(seen)).toEqual(expected);
    const used = Object.keys(seen.contents.compressions);
    // File data by each header ID, and some that compression would not have made smaller.
    expect(used).toEqual(
      expect.arrayContaining(['0', '1000', '1100', '1101', '1300', '1500']),
    );
    expect(used.filter(kind => /^1/.test(kind))).toHaveLength(
      writableCompressors.length,
    );
  });

  it('reads objects of many parts: lists of lists, large directories, files in parts', async () => {
    const { repository, done } = await made({
      keyDerivation: quickKey,
      splitter: 'FIXED-128K',
    });
    const zeros = Buffer.alloc(1 << 20);
    async function* stream() {
      for (let i = 0; i < 300; i++) yield zeros;
      yield xorshift(5, 12_345);
    }
    const long = await uploadStream(repository, stream(), 'disk');
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'many'));
    for (let i = 0; i < 2500; i++)
      writeFileSync(join(folder, 'many', `file-${i}`), `${i}`);
    writeDated(join(folder, 'parts'), xorshift(6, 3_000_000));
    const wide = await uploadTree(repository, folder, {
      policy: { upload: { parallelUploadAboveSize: 1_000_000 } },
    });
    const seen = await done();
    const hash = createHash('sha256');
    for await (const part of stream()) hash.update(part);
    expect(judgedHashes(seen)).toEqual({
      [long.snapshot.id]: { disk: hash.digest('hex') },
      [wide.snapshot.id]: hashesOf(folder),
    });
    const entryOf = (id: string, path: string) =>
      seen.snapshots.find(snapshot => snapshot.id === id)!.entries[path];
    expect(entryOf(long.snapshot.id, 'disk').obj).toMatch(/^IIx/);
    expect(entryOf(wide.snapshot.id, 'many').obj).toMatch(/^Ik/);
    expect(entryOf(wide.snapshot.id, 'parts').obj).toMatch(/^Ix/);
  });

  it('reads what several writers stored at once, in one process and in several', async () => {
    const { folder, storage, repository, done } = await made({
      keyDerivation: quickKey,
    });
    const others = await Promise.all(
      [1, 2].map(() => Repository.open({ storage, password, user: me })),
    );
    const expected: Record<string, Record<string, string>> = {};
    const write = async (client: Repository, number: number) => {
      for (let round = 0; round < 3; round++) {
        const source = temporaryFolder();
        // Half is common to all, half is not.
        writeDated(join(source, 'common'), xorshift(round + 1, 400_000));
        writeDated(
          join(source, 'own'),
          xorshift(100 * number + round + 1, 400_000),
        );
        const { snapshot } = await uploadTree(client, source);
        expected[snapshot.id] = hashesOf(source);
      }
    };
    const bundle = join(__dirname, '../../assets/kopia.cjs');
    const child = async (number: number) => {
      const source = temporaryFolder();
      writeDated(join(source, 'common'), xorshift(1, 400_000));
      writeDated(join(source, 'own'), xorshift(7000 + number, 400_000));
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [bundle, 'upload', source, '--repository', folder, '--json'],
        { env: { ...process.env, KOPIA_PASSWORD: password } },
      );
      const { snapshot } = JSON.parse(stdout) as { snapshot: { id: string } };
      expected[snapshot.id] = hashesOf(source);
    };
    await Promise.all([
      ...[repository, ...others].map((client, i) => write(client, i + 1)),
      child(1),
      child(2),
    ]);
    for (const other of others) await other.close();
    const seen = await done();
    expect(Object.keys(expected)).toHaveLength(11);
    expect(judgedHashes(seen)).toEqual(expected);
    expect(seen.sessions).toEqual([]);
  });

  it('reads what deletion, maintenance and compaction left', async () => {
    const { repository, done } = await made({
      keyDerivation: quickKey,
      epochs: {
        FullCheckpointFrequency: 2,
        EpochAdvanceOnCountThreshold: 10,
        MinEpochDuration: 600 * 1e9,
        CleanupSafetyMargin: 600 * 1e9,
        EpochRefreshFrequency: 180 * 1e9,
      },
    });
    await initializeRepository(repository);
    const source = temporaryFolder();
    const kept: SnapshotManifest[] = [];
    const expected: Record<string, Record<string, string>> = {};
    for (let round = 0; round < 24; round++) {
      writeDated(
        join(source, `file-${round % 5}`),
        xorshift(round + 1, 150_000),
        1_700_000_000 + round,
      );
      const { snapshot } = await uploadTree(repository, source, {
        source: { path: '/data' },
      });
      kept.push(snapshot);
      expected[snapshot.id] = hashesOf(source);
      if (kept.length > 4) {
        const [old] = kept.splice(round % 3, 1);
        deleteSnapshot(repository, old.id);
        delete expected[old.id];
        await repository.flush();
      }
      // Settled epochs are made as if time had passed.
      if (round % 4 === 3)
        await repository.storage.put(
          `xe${(round + 1) / 4}`,
          Buffer.from('epoch-marker'),
        );
      await runMaintenance(repository, {
        mode: round % 2 ? 'full' : 'quick',
        safety: 'none',
      });
    }
    const seen = await done();
    expect(judgedHashes(seen)).toEqual(expected);
    expect(seen.epochs.writeEpoch).toBe(6);
    expect(seen.epochs.watermark).toBeGreaterThan(0);
    expect(seen.indexBlobs.some(id => /^x[rs]/.test(id))).toBe(true);
    expect(seen.tasks).toEqual(
      expect.arrayContaining([
        'snapshot-gc',
        'full-rewrite-contents',
        'full-drop-deleted-content',
        'full-delete-blobs',
        'compact-single-epoch',
        'generate-epoch-range-index',
      ]),
    );
  });

  it('reads under a new password only', async () => {
    const { folder, repository, done } = await made();
    const { snapshot } = await uploadTree(repository, tree);
    await repository.changePassword('another');
    expect(judgedHashes(await done('another'))).toEqual({
      [snapshot.id]: hashesOf(tree),
    });
    await expect(judge(folder, password)).rejects.toThrow(/InvalidTag/);
  });

  it("reads volumes as Velero's uploader stores them: a file system and a block device", async () => {
    const { repository, done } = await made({ user: veleroIdentity });
    await markVeleroRepository(repository);
    const { snapshot: files } = await uploadTree(
      repository,
      tree,
      veleroSnapshot({
        requester: 'snapshot-data-upload-download',
        realSource: 'shop/data',
        asyncOperationId: 'du-1',
      }),
    );
    const device = join(temporaryFolder(), 'device');
    const bytes = Buffer.concat([
      xorshift(8, 5_000_000),
      Buffer.alloc(12_000_000),
      xorshift(9, 1_234_567),
    ]);
    writeFileSync(device, bytes);
    const { snapshot: block } = await uploadDevice(
      repository,
      device,
      veleroSnapshot({
        requester: 'snapshot-data-upload-download',
        realSource: 'shop/block',
      }),
    );
    const seen = await done();
    expect(judgedHashes(seen)).toEqual({
      [files.id]: hashesOf(tree),
      [block.id]: {
        [device]: createHash('sha256').update(bytes).digest('hex'),
      },
    });
    expect(seen.snapshots[0].labels).toMatchObject({
      type: 'snapshot',
      hostname: 'default',
      username: 'default',
      path: 'snapshot-data-upload-download/kopia/shop/data',
      'snapshot-requester': 'snapshot-data-upload-download',
      'snapshot-uploader': 'kopia',
    });
    expect(seen.manifests.map(({ type }) => type)).toContain('maintenance');
  });

  it('reads a checkpoint and what an interrupted upload left', async () => {
    const { repository, done } = await made({ keyDerivation: quickKey });
    const stop = new AbortController();
    async function* slow() {
      yield xorshift(11, 3_000_000);
      while (!stop.signal.aborted) {
        await new Promise(resolve => setTimeout(resolve, 20));
        yield xorshift(12, 1_000_000);
      }
    }
    const source = temporaryFolder();
    for (let i = 0; i < 60; i++)
      writeDated(join(source, `f${i}`), xorshift(i + 1, 1_000_000));
    const upload = uploadTree(repository, source, {
      signal: stop.signal,
      parallelFiles: 1,
      checkpointIntervalMs: 60,
    }).catch(error => error as Error);
    const stream = uploadStream(repository, slow(), 'disk', {
      signal: stop.signal,
    }).catch(error => error as Error);
    await upload;
    stop.abort(new Error('stop'));
    await stream;
    await repository.flush().catch(() => undefined);
    const seen = await done();
    expect(seen.snapshots.length).toBeGreaterThan(0);
    const hashes = hashesOf(source);
    for (const { entries } of seen.snapshots)
      for (const [path, { sha256 }] of Object.entries(entries))
        if (sha256 && hashes[path]) expect(sha256).toBe(hashes[path]);
  });

  it.each(fixtureRepositories())(
    'reads what we added to %s of the real program, before and after maintenance',
    async (_, { path, password: theirPassword, formatBlock }) => {
      // Where the fixtures are not at hand, there is one empty row.
      if (!fixtures || formatBlock.version === 1) return;
      const folder = temporaryFolder();
      cpSync(join(fixtures!, path), folder, {
        recursive: true,
        preserveTimestamps: true,
      });
      const before = judgedHashes(await judge(folder, theirPassword));
      const storage = await FolderStorage.open(folder, { create: true });
      const repository = await Repository.open({
        storage,
        password: theirPassword,
        user: me,
      });
      const { snapshot } = await uploadTree(repository, tree);
      const expected = { ...before, [snapshot.id]: hashesOf(tree) };
      expect(judgedHashes(await judge(folder, theirPassword))).toEqual(
        expected,
      );
      await runMaintenance(repository, {
        mode: 'full',
        safety: 'none',
        force: true,
      });
      await repository.close();
      await storage.close();
      expect(judgedHashes(await judge(folder, theirPassword))).toEqual(
        expected,
      );
    },
  );

  it('notices a changed byte', async () => {
    const { repository, storage, done } = await made({
      keyDerivation: quickKey,
    });
    await uploadTree(repository, tree);
    const [pack] = await repository.listBlobs('p');
    const data = Buffer.from(await storage.get(pack.id));
    data[5000] ^= 1;
    await storage.put(pack.id, data);
    await expect(done()).rejects.toThrow(/InvalidTag/);
  });
});
