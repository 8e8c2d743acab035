import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlobMetadata } from '../blob/BlobStorage';
import { MemoryStorage } from '../blob/MemoryStorage';
import { Repository } from '../Repository';
import { fixtures } from '../testing/fixtures';
import { xorshift } from '../testing/xorshift';
import { ContentEntry, nextTimestamp, replaces } from './ContentEntry';
import {
  contentIdOfKey,
  contentIv,
  contentKey,
  contentPrefix,
  isContentId,
  packPrefix,
} from './contentId';
import {
  compactedBlobs,
  epochState,
  epochsToList,
  firstCompleteSet,
} from './epochs';
import { buildIndex, indexShardOf } from './IndexBuilder';
import { bytesInMemory, createUnnamedFile } from './IndexBytes';
import { IndexReader } from './IndexReader';
import { mergeEntries } from './mergeIndexes';
import { findRecoveryIndex } from './packRecovery';

const entry = (
  id: string,
  other: Partial<ContentEntry> = {},
): ContentEntry => ({
  id,
  timestamp: 1700000000,
  deleted: false,
  pack: 'p0123-s1',
  offset: 32,
  packedLength: 60,
  originalLength: 32,
  compression: 0,
  formatVersion: 3,
  ...other,
});
const idOf = (number: number, prefix = '') =>
  prefix + xorshift(number + 1, 16).toString('hex');

describe('names of contents', () => {
  it('become keys and come back', () => {
    for (const id of [idOf(1), idOf(2, 'k'), idOf(3, 'z')])
      expect(contentIdOfKey(contentKey(id))).toBe(id);
    expect(contentKey(idOf(1))[0]).toBe(0);
    expect(contentPrefix(idOf(1, 'm'))).toBe('m');
    expect(packPrefix(idOf(1))).toBe('p');
    expect(packPrefix(idOf(1, 'x'))).toBe('q');
    expect(
      contentIv(`k${'00'.repeat(16)}${'ab'.repeat(16)}`).toString('hex'),
    ).toBe('ab'.repeat(16));
  });

  it('are refused when malformed', () => {
    for (const id of ['', 'a', 'k', 'g1', 'aa1', 'AABB', '../x', `a${idOf(1)}`])
      expect([id, isContentId(id)]).toEqual([id, false]);
    expect(() => contentKey('nonsense!')).toThrow('is not the name');
  });
});

describe('entries', () => {
  it('win by time, then by not being deleted, then by pack', () => {
    const old = entry('aa', { timestamp: 1 });
    expect(replaces(entry('aa', { timestamp: 2, deleted: true }), old)).toBe(
      true,
    );
    expect(replaces(old, entry('aa', { timestamp: 1, deleted: true }))).toBe(
      true,
    );
    expect(replaces(entry('aa', { timestamp: 1, pack: 'p1' }), old)).toBe(true);
    expect(replaces(old, old)).toBe(false);
    expect(nextTimestamp(5_500, undefined)).toBe(5);
    expect(nextTimestamp(5_500, entry('aa', { timestamp: 5 }))).toBe(6);
  });
});

describe('indexes', () => {
  const entries = Array.from({ length: 1000 }, (_, i) =>
    entry(idOf(i, ['', 'k', 'm', 'x'][i % 4]), {
      offset: i * 100,
      pack: `p${i % 7}-s1`,
      compression: i % 3 ? 0 : 0x1100,
      deleted: i % 11 === 0,
      timestamp: 1700000000 + i,
    }),
  );

  it.each(['memory', 'disk'])('are found again in %s', place => {
    const plain = buildIndex(entries);
    const file = createUnnamedFile();
    file.append(plain);
    const reader = new IndexReader(
      place === 'memory' ? bytesInMemory(plain) : file,
      28,
      place === 'memory',
    );
    expect(reader.count).toBe(1000);
    for (const wanted of entries)
      expect(reader.find(contentKey(wanted.id))).toEqual(wanted);
    for (let i = 1000; i < 1200; i++)
      expect(reader.find(contentKey(idOf(i)))).toBeUndefined();
    expect(
      [...reader.entries()].map(({ entry: found }) => found.id).sort(),
    ).toEqual(entries.map(({ id }) => id).sort());
    expect(
      [...reader.entries('m'.charCodeAt(0))].map(({ entry: { id } }) => id[0]),
    ).toEqual(Array(250).fill('m'));
    expect([...reader.entries('l'.charCodeAt(0))]).toEqual([]);
    expect(() => reader.find(Buffer.alloc(33))).toThrow('keys of 17 bytes');
    reader.close();
    file.close();
  });

  it('take as many bytes as their entries need', () => {
    const sizeOf = (list: ContentEntry[]) => buildIndex(list).readUInt16BE(2);
    expect(sizeOf([entry(idOf(1))])).toBe(16);
    expect(
      sizeOf([entry(idOf(1)), entry(idOf(2), { compression: 0x1100 })]),
    ).toBe(17);
    expect(sizeOf([entry(idOf(1), { packedLength: 2 ** 24 })])).toBe(19);
    const large = entry(idOf(1), {
      packedLength: 2 ** 27 + 5,
      originalLength: 2 ** 28 - 1,
    });
    expect(
      new IndexReader(bytesInMemory(buildIndex([large])), 28).find(
        contentKey(large.id),
      ),
    ).toEqual(large);
    expect(() =>
      buildIndex([entry(idOf(1), { originalLength: 2 ** 28 })]),
    ).toThrow('too large');
    expect(() => buildIndex([])).toThrow('at least one');
  });

  it('are refused when they are damaged, not misread', () => {
    const plain = buildIndex(entries.slice(0, 5));
    for (let length = 0; length < plain.length - 40; length += 7) {
      expect(() => {
        const reader = new IndexReader(
          bytesInMemory(plain.subarray(0, length)),
          28,
        );
        for (const { entry: found } of reader.entries()) void found.pack;
      }).toThrow();
    }
    const huge = Buffer.from(plain);
    huge.writeUInt32BE(0xffffffff, 4);
    expect(() => new IndexReader(bytesInMemory(huge), 28)).toThrow(
      'shorter than it says',
    );
    const unsorted = Buffer.from(plain);
    unsorted.copy(unsorted, 17, 17 + 34, 17 + 68);
    expect(() => [
      ...new IndexReader(bytesInMemory(unsorted), 28).entries(),
    ]).toThrow();
    expect(
      () =>
        new IndexReader(
          bytesInMemory(Buffer.from([3, 17, 0, 16, 0, 0, 0, 0])),
          28,
        ),
    ).toThrow('unknown version 3');
    const keyed = buildIndex([entry(idOf(1))]);
    keyed[17 + 33 + 5 + 5] = 1;
    expect(() =>
      new IndexReader(bytesInMemory(keyed), 28).find(contentKey(idOf(1))),
    ).toThrow('encryption key 1');
  });

  it('are merged in order, the winner of each content first', () => {
    const readers = [0, 1, 2].map(
      shift =>
        new IndexReader(
          bytesInMemory(
            buildIndex(
              entries
                .filter((_, i) => i % 3 !== shift)
                .map(found => ({
                  ...found,
                  timestamp: found.timestamp + shift,
                })),
            ),
          ),
          28,
        ),
    );
    const merged = [...mergeEntries(readers)];
    expect(merged).toHaveLength(1000);
    expect(
      merged
        .map(({ id }) => contentKey(id))
        .every(
          (key, i, keys) => i === 0 || Buffer.compare(keys[i - 1], key) < 0,
        ),
    ).toBe(true);
    for (const found of merged) {
      const i = entries.findIndex(({ id }) => id === found.id);
      expect(found.timestamp).toBe(
        entries[i].timestamp + (i % 3 === 2 ? 1 : 2),
      );
    }
  });

  it('are spread over shards evenly', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[indexShardOf(idOf(i), 4)] += 1;
    for (const count of counts) expect(count).toBeGreaterThan(850);
    expect(indexShardOf(idOf(1), 1)).toBe(0);
  });

  const vectors =
    fixtures &&
    JSON.parse(readFileSync(join(fixtures, 'kopia-vectors.json'), 'utf8'))
      .index;
  const withFixtures = vectors ? it : it.skip;
  withFixtures('of the real program are read', () => {
    const one = [
      ...new IndexReader(
        bytesInMemory(Buffer.from(vectors.v1, 'hex')),
        28,
      ).entries(),
    ].map(({ entry: found }) => found);
    const two = [
      ...new IndexReader(
        bytesInMemory(Buffer.from(vectors.v2, 'hex')),
        28,
      ).entries(),
    ].map(({ entry: found }) => found);
    expect(one).toHaveLength(5);
    expect(two).toHaveLength(5);
    expect(
      one.map(({ id, pack, offset, deleted, timestamp }) => [
        id,
        pack,
        offset,
        deleted,
        timestamp,
      ]),
    ).toEqual(
      two.map(({ id, pack, offset, deleted, timestamp }) => [
        id,
        pack,
        offset,
        deleted,
        timestamp,
      ]),
    );
    const [single] = new IndexReader(
      bytesInMemory(Buffer.from(vectors['v2-single'], 'hex')),
      28,
    ).entries();
    // Written from the same entry, ours has the same bytes.
    expect(buildIndex([single.entry]).toString('hex')).toBe(
      vectors['v2-single'],
    );
    expect(buildIndex(two).toString('hex').slice(0, 34)).toBe(
      vectors.v2.slice(0, 34),
    );
  });
});

describe('epochs', () => {
  const blob = (id: string, timestamp = 0): BlobMetadata => ({
    id,
    length: 1,
    timestamp,
  });
  const state = (ids: string[]) =>
    epochState({
      markers: ids.filter(id => id.startsWith('xe')).map(id => blob(id)),
      watermarks: ids.filter(id => id.startsWith('xw')).map(id => blob(id)),
      singles: ids.filter(id => id.startsWith('xs')).map(id => blob(id)),
      ranges: ids.filter(id => id.startsWith('xr')).map(id => blob(id)),
    });

  it('begin at 0 and count the highest marker', () => {
    expect(state([])).toMatchObject({
      writeEpoch: 0,
      watermark: 0,
      ranges: [],
    });
    expect(epochsToList(state([]))).toEqual([0, 1]);
    expect(
      state(['xe1', 'xe12', 'xe2', 'xex', 'xw17', 'xw5', 'xwrong']),
    ).toMatchObject({ writeEpoch: 12, watermark: 17 });
  });

  it('need complete sets', () => {
    expect(firstCompleteSet([blob('xs0_a-s1-c2')])).toBeUndefined();
    expect(
      firstCompleteSet([
        blob('xs0_a-s1-c2'),
        blob('xs0_b-s2-c1'),
        blob('xs0_c-s1-c2'),
      ])!.map(({ id }) => id),
    ).toEqual(['xs0_b-s2-c1']);
    expect(
      firstCompleteSet([blob('xs0_c-s1-c2'), blob('xs0_a-s1-c2')])!.map(
        ({ id }) => id,
      ),
    ).toEqual(['xs0_a-s1-c2', 'xs0_c-s1-c2']);
  });

  it('are covered by the chain that reaches furthest, with the fewest members', () => {
    const found = state([
      'xe9',
      'xr0_2_a-s1-c1',
      'xr0_5_b-s2-c1',
      'xr3_5_c-s3-c1',
      'xr7_8_d-s4-c1',
      'xs6_e-s5-c1',
      'xs0_f-s6-c1',
      'xs7_g-s7-c2',
    ]);
    expect(found.ranges.map(({ first, last }) => [first, last])).toEqual([
      [0, 5],
    ]);
    expect(compactedBlobs(found).map(({ id }) => id)).toEqual([
      'xr0_5_b-s2-c1',
      'xs6_e-s5-c1',
    ]);
    expect(epochsToList(found)).toEqual([7, 8, 9, 10]);
  });

  it('stay uncompacted for readers until they are settled', () => {
    expect(
      epochsToList(state(['xe3', 'xs0_a-s1-c1', 'xs1_a-s1-c1', 'xs2_a-s1-c1'])),
    ).toEqual([2, 3, 4]);
  });
});

it('ends packs with an index of their own', async () => {
  const storage = new MemoryStorage();
  const repository = await Repository.create({
    storage,
    password: 'x',
    workers: 0,
    keyDerivation: 'pbkdf2-sha256-600000',
  });
  const ids = [
    await repository.contents.write(Buffer.from('one'), ''),
    await repository.contents.write(Buffer.from('two'), ''),
  ];
  expect((await repository.contents.read(ids[1])).toString()).toBe('two');
  await repository.flush();
  const [pack, { data }] = [...storage.blobs].find(([id]) =>
    id.startsWith('p'),
  )!;
  const { iv, offset, length } = findRecoveryIndex(data.subarray(-8192));
  expect(offset % 4096).toBe(0);
  const index = new IndexReader(
    bytesInMemory(
      repository.keys.cipher.open(data.subarray(offset, offset + length), iv),
    ),
    28,
  );
  expect(
    [...index.entries()]
      .map(({ entry: found }) => [found.id, found.pack])
      .sort(),
  ).toEqual(ids.map(id => [id, pack]).sort());
  expect(() => findRecoveryIndex(Buffer.alloc(100))).toThrow(
    'recovery section',
  );
  await repository.close();
});

it('writes a deleted content anew, later than its deletion', async () => {
  const repository = await Repository.create({
    storage: new MemoryStorage(),
    password: 'x',
    workers: 0,
    keyDerivation: 'pbkdf2-sha256-600000',
    clock: () => 1_700_000_000_000,
  });
  const { contents } = repository;
  const id = await contents.write(Buffer.from('data'), '');
  await contents.flush();
  contents.delete(id);
  await contents.flush();
  expect(contents.has(id)).toBe(false);
  expect((await contents.read(id)).toString()).toBe('data');
  await contents.write(Buffer.from('data'), '');
  await contents.flush();
  expect(contents.find(id)).toMatchObject({
    deleted: false,
    timestamp: 1_700_000_002,
  });
  contents.delete('ff'.repeat(16));
  await repository.close();
});

it('closes an epoch that an index came too late for', async () => {
  let now = 1_700_000_000_000;
  const storage = new MemoryStorage(() => now);
  const repository = await Repository.create({
    storage,
    password: 'x',
    workers: 0,
    keyDerivation: 'pbkdf2-sha256-600000',
    clock: () => now,
  });
  await repository.contents.write(Buffer.from('late'), '');
  // While the index is on its way, two epochs pass.
  const { put } = storage;
  storage.put = async (id, data, options) => {
    await put.call(storage, id, data, options);
    if (id.startsWith('xn0_'))
      for (const marker of ['xe1', 'xe2'])
        await put.call(storage, marker, Buffer.from('epoch-marker'));
  };
  await expect(repository.flush()).rejects.toMatchObject({
    code: 'storage',
    retryable: true,
  });
  expect([...storage.blobs.keys()].filter(id => id.startsWith('xn'))).toEqual(
    [],
  );
  storage.put = put;
  now += 3_600_000;
  await repository.flush();
  expect(
    [...storage.blobs.keys()].filter(id => id.startsWith('xn2_')),
  ).toHaveLength(1);
  expect([...storage.blobs.keys()].filter(id => /^s[0-9a-f]/.test(id))).toEqual(
    [],
  );
  await repository.close();
});
