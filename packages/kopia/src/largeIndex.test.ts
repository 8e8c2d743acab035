import { createCipheriv } from 'node:crypto';
import { FolderStorage } from './blob/FolderStorage';
import { ContentEntry } from './content/ContentEntry';
import { contentIdOfKey } from './content/contentId';
import { sealBlob } from './content/encryptedBlob';
import { IndexBuilder } from './content/IndexBuilder';
import { compactSingleEpoch } from './maintenance/epochMaintenance';
import { Repository } from './Repository';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';

// LIFEBOAT_KOPIA_CONTENTS=10000000 for the long run.
const total = Number(process.env.LIFEBOAT_KOPIA_CONTENTS ?? 200_000);
const perBlob = Math.min(500_000, total / 4);
jest.setTimeout(60_000 + total / 10);
afterAll(removeTemporaryFolders);

const mebibyte = 1024 * 1024;

/** Repeatable names; streams of a cipher do not overlap as those of a small generator do. */
function randomNames(stream: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeInt32LE(stream);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(
    Buffer.alloc(perBlob * 16),
  );
}

/** Keys of one blob, sorted; repeatable. */
function* sortedKeys(blob: number): Generator<Buffer> {
  const random = randomNames(blob);
  const order = Array.from({ length: perBlob }, (_, i) => i);
  const first = (i: number) => random.readUInt32BE(i * 16);
  order.sort(
    (a, b) =>
      first(a) - first(b) ||
      Buffer.compare(
        random.subarray(a * 16, a * 16 + 16),
        random.subarray(b * 16, b * 16 + 16),
      ),
  );
  for (const i of order)
    yield Buffer.concat([
      Buffer.alloc(1),
      random.subarray(i * 16, i * 16 + 16),
    ]);
}

it(`searches ${total} contents in little memory`, async () => {
  const storage = await FolderStorage.open(temporaryFolder(), { create: true });
  const options = { storage, password: 'x', workers: 0 };
  const made = await Repository.create({
    ...options,
    keyDerivation: 'pbkdf2-sha256-600000',
  });
  const sample: ContentEntry[] = [];
  for (let blob = 0; blob < total / perBlob; blob++) {
    const builder = new IndexBuilder();
    let number = 0;
    for (const key of sortedKeys(blob)) {
      const entry: ContentEntry = {
        id: contentIdOfKey(key),
        timestamp: 1_700_000_000 + blob,
        deleted: false,
        pack: `p${String(blob).padStart(8, '0')}${String(number >> 4).padStart(
          24,
          '0',
        )}-s1`,
        offset: number % 1_000_000,
        packedLength: 100,
        originalLength: 72,
        compression: 0,
        formatVersion: 3,
      };
      builder.add(entry, key);
      if (number % 1000 === 0) sample.push(entry);
      number += 1;
    }
    const sealed = sealBlob(
      made.keys,
      'xn0_',
      builder.build(),
      `s${String(blob).padStart(16, '0')}147-c1`,
    );
    await storage.put(sealed.id, sealed.data);
  }
  await made.close();
  global.gc?.();
  const before = process.memoryUsage().rss;
  const repository = await Repository.open({
    ...options,
    indexMemoryLimit: total < 10_000_000 ? 0 : undefined,
  });
  const { indexes } = repository.contents;
  expect(indexes.entryCount).toBe(total);
  const started = performance.now();
  for (const entry of sample) expect(indexes.find(entry.id)).toEqual(entry);
  const found = (performance.now() - started) / sample.length;
  const missingNames = randomNames(-1);
  const missingStarted = performance.now();
  for (let i = 0; i < 10_000; i++)
    expect(
      indexes.find(missingNames.toString('hex', i * 16, i * 16 + 16)),
    ).toBeUndefined();
  const missing = (performance.now() - missingStarted) / 10_000;
  const grown = (process.memoryUsage().rss - before) / mebibyte;
  process.stdout.write(
    `${total} contents: ${grown.toFixed(0)} MiB more, ${(found * 1000).toFixed(
      0,
    )} µs per hit, ${(missing * 1000).toFixed(0)} µs per miss\n`,
  );
  expect(grown).toBeLessThan(300);
  for (const marker of ['xe1', 'xe2'])
    await storage.put(marker, Buffer.from('epoch-marker'));
  await repository.refresh();
  expect(await compactSingleEpoch(repository)).toBe(0);
  await repository.refresh();
  expect(indexes.blobIds.every(id => id.startsWith('xs0_'))).toBe(true);
  expect(indexes.entryCount).toBe(total);
  for (const entry of sample.slice(0, 1000))
    expect(indexes.find(entry.id)).toEqual(entry);
  const compacted = (process.memoryUsage().rss - before) / mebibyte;
  process.stdout.write(`after compaction: ${compacted.toFixed(0)} MiB more\n`);
  await repository.close();
  await storage.close();
});
