import { execFileSync, spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { FolderStorage } from './blob/FolderStorage';
import { ContentEntry } from './content/ContentEntry';
import { contentIdOfKey } from './content/contentId';
import { sealBlob } from './content/encryptedBlob';
import { IndexBuilder } from './content/IndexBuilder';
import { initializeRepository } from './maintenance/parameters';
import { Repository } from './Repository';
import { writeDated } from './testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';
import { xorshift } from './testing/xorshift';

// LIFEBOAT_KOPIA_CONTENTS=10000000 for the long run.
const total = Number(process.env.LIFEBOAT_KOPIA_CONTENTS ?? 200_000);
const perBlob = Math.min(500_000, total / 4);
jest.setTimeout(60_000 + total / 10);
afterAll(removeTemporaryFolders);

const mebibyte = 1024 * 1024;
const recent = Math.floor(Date.now() / 1000) - 3600;
// Peak memory of a whole process, measured by itself.
const largestPeak = 400;

/** Runs the command line as a process of its own. @returns its output and its peak memory in MiB */
function runProgram(program: string, folder: string, ...args: string[]) {
  const hook = join(temporaryFolder(), 'hook.cjs');
  writeFileSync(
    hook,
    `process.on('exit', () => require('node:fs').writeSync(2, 'peak ' + process.resourceUsage().maxRSS + '\\n'));`,
  );
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--require', hook, program, ...args, '--repository', folder, '--json'],
    { env: { ...process.env, KOPIA_PASSWORD: 'x' }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return {
    output: JSON.parse(stdout) as unknown,
    peak: Number(/peak (\d+)/.exec(stderr)![1]) / 1024,
  };
}

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
  await initializeRepository(made);
  const own = made.contents.indexes.entryCount;
  const sample: ContentEntry[] = [];
  for (let blob = 0; blob < total / perBlob; blob++) {
    const builder = new IndexBuilder();
    let number = 0;
    for (const key of sortedKeys(blob)) {
      const entry: ContentEntry = {
        id: contentIdOfKey(key),
        // Few are so old that maintenance marks them deleted.
        timestamp: number % 100 === 0 ? 1_700_000_000 + blob : recent + blob,
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
  expect(indexes.entryCount).toBe(total + own);
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
  await repository.close();

  // Maintenance as a process of its own: collection, compaction of the settled epoch, clean-up.
  const program = join(temporaryFolder(), 'kopia.cjs');
  buildSync({
    entryPoints: [join(__dirname, 'cli', 'main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  for (const marker of ['xe1', 'xe2'])
    await storage.put(marker, Buffer.from('epoch-marker'));
  const maintenanceStarted = performance.now();
  const { output, peak } = runProgram(
    program,
    storage.path,
    'maintain',
    '--full',
    '--force',
  );
  const seconds = (performance.now() - maintenanceStarted) / 1000;
  process.stdout.write(
    `full maintenance: ${seconds.toFixed(0)} s, ${peak.toFixed(
      0,
    )} MiB at its peak\n`,
  );
  expect(peak).toBeLessThan(largestPeak);
  expect(JSON.stringify(output)).toContain('compact-single-epoch');
  const tree = temporaryFolder();
  for (let i = 0; i < 100; i++)
    writeDated(join(tree, `d${i % 5}`, `file-${i}`), xorshift(i + 1, i * 997));
  const restored = join(temporaryFolder(), 'restored');
  const measured = (verb: string, ...args: string[]) => {
    const result = runProgram(program, storage.path, verb, ...args);
    process.stdout.write(
      `${verb}: ${result.peak.toFixed(0)} MiB at its peak\n`,
    );
    expect(result.peak).toBeLessThan(largestPeak);
    return result.output;
  };
  const { snapshot } = measured('upload', tree, '--workers', '2') as {
    snapshot: { id: string };
  };
  expect(measured('list')).toMatchObject([{ id: snapshot.id }]);
  measured('restore', snapshot.id, restored);
  execFileSync('diff', ['-r', tree, restored]);

  const after = await Repository.open(options);
  const { indexes: compacted } = after.contents;
  expect(compacted.blobIds.filter(id => id.startsWith('xs0_'))).toHaveLength(
    Math.ceil((total + own) / 500_000),
  );
  expect(compacted.blobIds.some(id => id.startsWith('xn0_'))).toBe(false);
  for (const entry of sample.slice(0, 1000)) {
    const now = compacted.find(entry.id)!;
    expect(now.deleted).toBe(entry.timestamp < recent);
    if (!now.deleted) expect(now).toEqual(entry);
  }
  await after.close();
  await storage.close();
});
