import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderStorage } from './blob/FolderStorage';
import { openObject } from './object/ObjectReader';
import { Repository } from './Repository';
import { fromGoMode } from './snapshot/DirectoryEntry';
import { formatDirectory, parseDirectory } from './snapshot/directoryJson';
import {
  getSnapshot,
  listSnapshots,
  rootOf,
  walkSnapshot,
} from './snapshot/snapshots';
import { fixtures } from './testing/fixtures';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';
import { fixtureRepositories } from './testing/fixtureRepositories';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const described = fixtures ? describe : describe.skip;
described.each(fixtureRepositories())(
  '%s, written by the real program',
  (name, expected) => {
    let repository: Repository;
    beforeAll(async () => {
      // git and copies lose modification times, which stand for the storage's timestamps; none matters to reading.
      const folder = join(temporaryFolder(), name);
      cpSync(join(fixtures!, expected.path), folder, {
        recursive: true,
        preserveTimestamps: true,
      });
      const storage = await FolderStorage.open(folder);
      repository = await Repository.open({
        storage,
        password: expected.password,
        readOnly: true,
      });
    });
    afterAll(async () => {
      await repository.close();
      await repository.storage.close();
    });

    it('has the parameters and keys', () => {
      const { format } = repository;
      expect(format).toMatchObject({
        hash: expected.formatBlock.hash,
        encryption: expected.formatBlock.encryption,
        version: expected.formatBlock.version,
        splitter: expected.formatBlock.splitter,
        epochs: expected.formatBlock.epochParameters,
      });
      expect(format.masterKey.toString('hex')).toBe(expected.keys.masterKeyHex);
      expect(format.secret.toString('hex')).toBe(expected.keys.hmacSecretHex);
    });

    it('has the active indexes and all contents', async () => {
      const { indexes } = repository.contents;
      expect([...indexes.blobIds].sort()).toEqual(
        [...expected.activeIndexBlobs].sort(),
      );
      expect(indexes.listing.state.writeEpoch).toBe(expected.epochs.writeEpoch);
      expect(indexes.listing.state.watermark).toBe(expected.epochs.watermark);
      const visible = [...indexes.entries()];
      const count = expected.contentCount;
      expect([...indexes.entries({ hidden: true })]).toHaveLength(
        count.allEntries,
      );
      expect(visible).toHaveLength(count.visible);
      expect(visible.filter(({ deleted }) => deleted)).toHaveLength(
        count.visibleDeleted,
      );
      for (const entry of visible) {
        expect(indexes.find(entry.id)).toEqual(entry);
        if (!entry.deleted)
          await repository.contents.read(entry.id, { rehash: true });
      }
      expect(indexes.find('00'.repeat(16))).toBeUndefined();
    });

    it('has the manifests', () => {
      const ids = ['snapshot', 'policy', 'maintenance'].flatMap(type =>
        repository.manifests.find({ type }).map(({ id }) => id),
      );
      expect(ids.sort()).toEqual([...expected.manifestIDs].sort());
    });

    it('has every file with its bytes and metadata', async () => {
      expect(listSnapshots(repository).map(({ id }) => id)).toEqual(
        expected.snapshots.map(({ id }) => id),
      );
      for (const wanted of expected.snapshots) {
        const snapshot = getSnapshot(repository, wanted.id);
        expect(rootOf(snapshot).obj).toBe(wanted.rootObject);
        const found: Record<string, unknown> = {};
        for await (const { path, entry } of walkSnapshot(
          repository,
          rootOf(snapshot),
        )) {
          if (entry.type === 'd') {
            const object = await openObject(repository.contents, entry.obj);
            const stored = await object.readAll(1 << 24);
            const { entries, summary } = parseDirectory(stored, entry.obj);
            // Writing what was read gives the same bytes.
            expect(formatDirectory(entries, summary!).toString()).toBe(
              stored.toString(),
            );
          }
          if (path === '') continue;
          const { name: _name, summ: _summary, ...rest } = entry;
          const item: Record<string, unknown> = { ...rest };
          if (entry.type !== 'd') {
            const hash = createHash('sha256');
            const object = await openObject(repository.contents, entry.obj);
            expect(object.length).toBe(entry.size ?? 0);
            for await (const part of object.stream()) hash.update(part);
            item.sha256 = hash.digest('hex');
            item.size = entry.size ?? 0;
          }
          found[path] = item;
        }
        const entries = Object.fromEntries(
          Object.entries(wanted.entries).map(
            ([path, { target: _target, ...entry }]) => [path, entry],
          ),
        );
        expect(found).toEqual(entries);
      }
    });

    it('reads files from any position', async () => {
      const snapshot = getSnapshot(repository, expected.snapshots[0].id);
      for await (const { entry } of walkSnapshot(
        repository,
        rootOf(snapshot),
      )) {
        if (entry.type !== 'f' || (entry.size ?? 0) < 100_000) continue;
        const object = await openObject(repository.contents, entry.obj);
        const whole = await object.readAll(1 << 24);
        for (const [offset, length] of [
          [0, 1],
          [99_999, 1],
          [50_000, 20_000],
          [object.length - 5, 100],
          [object.length, 5],
        ]) {
          const parts: Buffer[] = [];
          for await (const part of object.stream(offset, length))
            parts.push(part);
          expect(
            Buffer.concat(parts).equals(
              whole.subarray(offset, offset + length),
            ),
          ).toBe(true);
        }
      }
    });

    it('refuses a wrong password', async () => {
      const storage = repository.storage;
      await expect(
        Repository.open({ storage, password: 'wrong' }),
      ).rejects.toMatchObject({ code: 'invalid-password' });
    });

    it('can be searched on disk as well', async () => {
      const onDisk = await Repository.open({
        storage: repository.storage,
        password: expected.password,
        readOnly: true,
        indexMemoryLimit: 0,
      });
      for (const entry of repository.contents.indexes.entries()) {
        expect(onDisk.contents.indexes.find(entry.id)).toEqual(entry);
      }
      expect(onDisk.contents.indexes.find('ff'.repeat(16))).toBeUndefined();
      await onDisk.close();
    });
  },
);

described('modes', () => {
  it('are translated', () => {
    expect(fromGoMode('040000755')).toBe(0o4755);
    expect(fromGoMode('04000777')).toBe(0o1777);
  });
});

described('a damaged .shards', () => {
  it('is refused instead of guessed', async () => {
    const folder = temporaryFolder();
    cpSync(join(fixtures!, 'repo-a'), folder, { recursive: true });
    const file = join(folder, '.shards');
    writeFileSync(file, readFileSync(file, 'utf8').replace('[1,3]', '"x"'));
    await expect(FolderStorage.open(folder)).rejects.toMatchObject({
      code: 'corrupt',
    });
  });
});
