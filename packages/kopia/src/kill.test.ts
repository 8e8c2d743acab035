import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { FolderStorage } from './blob/FolderStorage';
import { Repository } from './Repository';
import { restoreTree } from './restore/restoreTree';
import { verifySnapshots } from './restore/verify';
import { listSnapshots, rootOf } from './snapshot/snapshots';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';

// LIFEBOAT_KOPIA_KILLS=200 for the long run.
const kills = Number(process.env.LIFEBOAT_KOPIA_KILLS ?? 12);
jest.setTimeout(60_000 + kills * 10_000);
afterAll(removeTemporaryFolders);

it(`survives ${kills} kills during upload, flush, compaction and maintenance`, async () => {
  const program = join(temporaryFolder(), 'client.cjs');
  buildSync({
    entryPoints: [join(__dirname, 'testing', 'killedClient.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    external: ['@aws-sdk/*', '@smithy/*'],
  });
  const folder = join(temporaryFolder(), 'repository');
  const tree = temporaryFolder();
  const run = (...args: (string | number)[]) =>
    spawnSync(process.execPath, [program, folder, tree, ...args.map(String)], {
      encoding: 'utf8',
      timeout: 60_000,
    });
  expect(run(0, 0, 'none').status).toBe(0);

  // A repeatable choice of points.
  let state = 12345;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  const finished = new Set<string>();
  const inDoubt = new Set<string>();
  let calls = 12;
  let killed = 0;
  let completed = 0;
  for (let seed = 1; killed < kills; seed++) {
    // Every tenth run is left alone, and tells how many calls there are.
    const at = seed % 10 === 0 ? 0 : 1 + random(calls + 4);
    const { stdout, stderr, signal, status } = run(
      seed,
      at,
      ['before', 'after', 'during'][random(3)],
    );
    if (signal === 'SIGKILL') killed += 1;
    else {
      expect([seed, status, stderr]).toEqual([seed, 0, '']);
      completed += 1;
    }
    for (const line of stdout.split('\n')) {
      const [word, value] = line.split(' ');
      if (word === 'finished') finished.add(value);
      if (word === 'calls') calls = Math.max(12, Number(value));
      if (word === 'deleting') {
        finished.delete(value);
        inDoubt.add(value);
      }
    }
    const storage = await FolderStorage.open(folder);
    const repository = await Repository.open({
      storage,
      password: 'x',
      readOnly: true,
    });
    const snapshots = listSnapshots(repository);
    const ids = snapshots.map(({ id }) => id);
    expect([...finished].filter(id => !ids.includes(id))).toEqual([]);
    expect([
      seed,
      (await verifySnapshots(repository, snapshots)).damage,
    ]).toEqual([seed, []]);
    if (seed % 10 === 0) {
      // This run was not disturbed: its snapshot is the tree as it is now.
      const target = join(temporaryFolder(), 'out');
      expect(
        (await restoreTree(repository, rootOf(snapshots.at(-1)!), target))
          .errors,
      ).toEqual([]);
      execFileSync('diff', ['-r', tree, target]);
    }
    await repository.close();
    await storage.close();
  }
  expect(completed).toBeGreaterThan(0);
  expect(finished.size).toBeGreaterThan(0);
});
