import { MemoryStorage } from './blob/MemoryStorage';
import { openBlob } from './content/encryptedBlob';
import { findRecoveryIndex } from './content/packRecovery';
import { isKopiaError } from './errors';
import {
  maintenanceBlobId,
  readSchedule,
} from './maintenance/MaintenanceSchedule';
import { initializeRepository } from './maintenance/parameters';
import { runMaintenance } from './maintenance/runMaintenance';
import { Repository } from './Repository';
import { verifySnapshots } from './restore/verify';
import { setPolicy } from './snapshot/policy';
import { listSnapshots } from './snapshot/snapshots';
import { uploadTree } from './snapshot/upload/uploadSnapshot';
import { makeFixtureTree } from './testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';
import { join } from 'node:path';
import { writeDated } from './testing/sourceTree';
import { xorshift } from './testing/xorshift';

jest.setTimeout(240_000);
afterAll(removeTemporaryFolders);

const password = 'x';
const user = { username: 'me', hostname: 'here' };
const storage = new MemoryStorage();
const open = () => Repository.open({ storage, password, readOnly: true, user });

function blobs(prefix: string): string[] {
  return [...storage.blobs.keys()].filter(id => id.startsWith(prefix));
}

/** Everything that opening and verifying says; empty when nothing was noticed. */
async function findings(): Promise<string[]> {
  let repository: Repository;
  try {
    repository = await open();
  } catch (error) {
    return [(error as Error).message];
  }
  try {
    return (
      await verifySnapshots(repository, listSnapshots(repository))
    ).damage.map(({ error }) => error);
  } finally {
    await repository.close();
  }
}

/** Changes a blob, looks, and puts it back. */
async function withChange(
  id: string,
  change: (data: Buffer) => Buffer | undefined,
  look: () => Promise<void>,
) {
  const held = storage.blobs.get(id)!;
  const changed = change(Buffer.from(held.data));
  if (changed) storage.blobs.set(id, { ...held, data: changed });
  else storage.blobs.delete(id);
  try {
    await look();
  } finally {
    storage.blobs.set(id, held);
  }
}

const flip = (bit: number) => (data: Buffer) => {
  data[bit >> 3] ^= 1 << (bit & 7);
  return data;
};

let state = 99;
const random = (below: number) => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >>> 4) % below;
};

beforeAll(async () => {
  const tree = temporaryFolder();
  makeFixtureTree(tree);
  writeDated(join(tree, 'large.bin'), xorshift(4, 9_000_000));
  writeDated(join(tree, 'text.log'), 'compressible\n'.repeat(100_000));
  const repository = await Repository.create({
    storage,
    password,
    user,
    workers: 0,
    keyDerivation: 'pbkdf2-sha256-600000',
  });
  await initializeRepository(repository);
  setPolicy(repository, {}, { compression: { compressorName: 'zstd' } });
  await uploadTree(repository, tree);
  writeDated(join(tree, 'more.txt'), 'more');
  await uploadTree(repository, tree);
  await runMaintenance(repository, { mode: 'quick' });
  await repository.close();
  expect(await findings()).toEqual([]);
});

it('notices and names flipped bits in contents', async () => {
  const repository = await open();
  const entries = [...repository.contents.entries()];
  for (const entry of entries) {
    const samples = entry.packedLength > 100_000 ? 6 : 3;
    for (let i = 0; i < samples; i++) {
      const bit = (entry.offset + random(entry.packedLength)) * 8 + random(8);
      await withChange(entry.pack, flip(bit), async () => {
        repository.contents.packReader.clear();
        await expect(
          repository.contents.readEntry(entry),
        ).rejects.toMatchObject({
          code: 'corrupt',
          place: { content: entry.id, blob: entry.pack },
        });
      });
    }
  }
  // Seen from the top, with the file's name.
  repository.contents.packReader.clear();
  const large = entries.reduce((a, b) =>
    b.packedLength > a.packedLength ? b : a,
  );
  await withChange(large.pack, flip((large.offset + 5000) * 8), async () => {
    const found = await findings();
    expect(found).toHaveLength(2);
    expect(found[0]).toContain(large.id);
    expect(found[0]).toContain(large.pack);
    expect(found[0]).toContain('large.bin');
  });
  await repository.close();
});

it('notices flipped bits in indexes and in the maintenance blob', async () => {
  const repository = await open();
  for (const id of blobs('xn')) {
    const { length } = storage.blobs.get(id)!.data;
    for (let i = 0; i < 60; i++) {
      await withChange(id, flip(random(length * 8)), async () => {
        expect(() =>
          openBlob(repository.keys, id, storage.blobs.get(id)!.data),
        ).toThrow(id);
      });
    }
    await withChange(id, flip(length * 4), async () =>
      expect((await findings())[0]).toContain(id),
    );
    await withChange(
      id,
      data => data.subarray(0, 40),
      async () => expect((await findings())[0]).toContain(id),
    );
  }
  for (let i = 0; i < 40; i++) {
    const { length } = storage.blobs.get(maintenanceBlobId)!.data;
    await withChange(maintenanceBlobId, flip(random(length * 8)), async () => {
      await expect(readSchedule(repository)).rejects.toMatchObject({
        code: 'corrupt',
        place: { blob: maintenanceBlobId },
      });
    });
  }
  await repository.close();
});

it('notices flipped bits in the format blob, but for informative fields', async () => {
  const id = 'kopia.repository';
  const text = storage.blobs.get(id)!.data.toString('latin1');
  const free = [/"buildVersion": "[^"]*",?/, /"buildInfo": "[^"]*",?/].map(
    pattern => {
      const match = pattern.exec(text)!;
      return [match.index, match.index + match[0].length];
    },
  );
  let noticed = 0;
  for (let i = 0; i < 60; i++) {
    const bit = random(text.length * 8);
    const byte = bit >> 3;
    // White space may become other white space, and the last digit of base64 has bits without meaning.
    if (
      free.some(([from, to]) => byte >= from && byte < to) ||
      /\s/.test(text[byte]) ||
      /=|"/.test(text[byte + 1] ?? ' ')
    )
      continue;
    await withChange(id, flip(bit), async () => {
      expect([
        bit,
        await open().then(
          () => 'opened',
          error => isKopiaError(error),
        ),
      ]).toEqual([bit, true]);
    });
    noticed += 1;
  }
  expect(noticed).toBeGreaterThan(20);
  await withChange('kopia.blobcfg', flip(100), async () => {
    await expect(open()).rejects.toMatchObject({
      code: 'corrupt',
      place: { blob: 'kopia.blobcfg' },
    });
  });
});

it('notices missing, truncated and swapped blobs', async () => {
  for (const id of [...blobs('p'), ...blobs('q')]) {
    await withChange(
      id,
      () => undefined,
      async () => {
        const found = await findings();
        expect(found.length).toBeGreaterThan(0);
        expect(found.some(text => text.includes(id))).toBe(true);
      },
    );
    await withChange(
      id,
      data => data.subarray(0, 40),
      async () => {
        expect((await findings()).some(text => text.includes(id))).toBe(true);
      },
    );
  }
  const [one, two] = blobs('p');
  const swapped = storage.blobs.get(two)!.data;
  await withChange(
    one,
    () => swapped,
    async () => {
      expect((await findings()).some(text => text.includes(one))).toBe(true);
    },
  );
  const [index, other] = blobs('xn');
  await withChange(
    index,
    () => storage.blobs.get(other)!.data,
    async () => {
      expect((await findings())[0]).toContain(index);
    },
  );
  // A copy under another name adds nothing and harms nothing.
  const copy = index.replace(/-s[^-]+-/, '-s00000000000000000147-');
  storage.blobs.set(copy, storage.blobs.get(index)!);
  expect(await findings()).toEqual([]);
  storage.blobs.delete(copy);
});

it('notices flipped bits in compacted indexes, session markers and recovery sections', async () => {
  const world = new MemoryStorage();
  const repository = await Repository.create({
    storage: world,
    password,
    user,
    workers: 0,
    keyDerivation: 'pbkdf2-sha256-600000',
    epochs: {
      MinEpochDuration: 0,
      EpochAdvanceOnCountThreshold: 2,
      FullCheckpointFrequency: 2,
      CleanupSafetyMargin: 0,
    },
  });
  await initializeRepository(repository);
  const tree = temporaryFolder();
  const ids = (pattern: RegExp) =>
    [...world.blobs.keys()].filter(id => pattern.test(id));
  for (let round = 0; round < 40; round++) {
    writeDated(
      join(tree, `f${round % 5}`),
      xorshift(round + 1, 20_000),
      1_700_000_000 + round,
    );
    await uploadTree(repository, tree);
    await runMaintenance(repository, { mode: round % 4 ? 'quick' : 'full' });
    if (ids(/^xr/).length > 0 && ids(/^xs/).length > 1) break;
  }
  await repository.contents.write(xorshift(5, 1000), '');
  const marker = ids(/^s/);
  expect(marker).toHaveLength(1);
  for (const id of [...ids(/^x[rs]/), ...marker]) {
    const { length } = world.blobs.get(id)!.data;
    for (let i = 0; i < 40; i++) {
      const changed = flip(random(length * 8))(
        Buffer.from(world.blobs.get(id)!.data),
      );
      expect(() => openBlob(repository.keys, id, changed)).toThrow(id);
    }
  }
  // As a reader meets it: opening fails and names the blob.
  await repository.flush();
  const used = repository.contents.indexes.blobIds.filter(id =>
    /^x[rs]/.test(id),
  );
  expect(used.length).toBeGreaterThan(0);
  for (const id of used) {
    const held = world.blobs.get(id)!;
    world.blobs.set(id, {
      ...held,
      data: flip(held.data.length * 4)(Buffer.from(held.data)),
    });
    await expect(
      Repository.open({ storage: world, password, readOnly: true }),
    ).rejects.toMatchObject({ code: 'corrupt', place: { blob: id } });
    world.blobs.set(id, held);
  }
  for (const id of ids(/^[pq]/)) {
    const { data } = world.blobs.get(id)!;
    const { iv, offset, length } = findRecoveryIndex(data);
    const localIndex = (from: Buffer) => {
      const found = findRecoveryIndex(from);
      return repository.keys.cipher.open(
        from.subarray(found.offset, found.offset + found.length),
        found.iv,
      );
    };
    expect(repository.keys.hash.digest(localIndex(data))).toEqual(iv);
    for (let i = 0; i < 5; i++) {
      const bit = offset * 8 + random((data.length - offset) * 8);
      expect(() => localIndex(flip(bit)(Buffer.from(data)))).toThrow();
    }
    expect(length).toBeGreaterThan(0);
  }
  await repository.close();
});

it('explains wrong passwords, foreign storages and existing repositories', async () => {
  await expect(
    Repository.open({ storage, password: 'y' }),
  ).rejects.toMatchObject({ code: 'invalid-password' });
  await expect(Repository.create({ storage, password })).rejects.toMatchObject({
    code: 'already-exists',
  });
  const empty = new MemoryStorage();
  await expect(
    Repository.open({ storage: empty, password }),
  ).rejects.toMatchObject({ code: 'not-found' });
  await empty.put('holiday.jpg', Buffer.from('x'));
  await expect(
    Repository.open({ storage: empty, password }),
  ).rejects.toMatchObject({ code: 'foreign-storage' });
  await expect(
    Repository.create({ storage: empty, password }),
  ).rejects.toMatchObject({ code: 'foreign-storage' });
  await empty.put('kopia.repository', Buffer.from('{}'));
  await expect(
    Repository.open({ storage: empty, password }),
  ).rejects.toMatchObject({ code: 'corrupt' });
});

it('fails an upload clearly when the storage is full, and leaves everything sound', async () => {
  const full = new MemoryStorage();
  const repository = await Repository.create({
    storage: full,
    password,
    workers: 0,
    keyDerivation: 'pbkdf2-sha256-600000',
  });
  const tree = temporaryFolder();
  writeDated(join(tree, 'a'), xorshift(1, 30_000_000));
  const { put } = full;
  full.put = async id => {
    throw Object.assign(
      new Error(`Writing ${id} failed: the disk is full (ENOSPC)`),
    );
  };
  await expect(uploadTree(repository, tree)).rejects.toThrow('disk is full');
  full.put = put;
  await repository.close();
  const again = await Repository.open({ storage: full, password, workers: 0 });
  expect(listSnapshots(again)).toEqual([]);
  expect((await uploadTree(again, tree)).report.complete).toBe(true);
  await again.close();
});
