import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { MemoryStorage } from './blob/MemoryStorage';
import { initializeRepository } from './maintenance/parameters';
import { runMaintenance } from './maintenance/runMaintenance';
import { Repository } from './Repository';
import { restoreTree } from './restore/restoreTree';
import { verifyContents } from './restore/verify';
import {
  deleteSnapshot,
  getSnapshot,
  listSnapshots,
  rootOf,
} from './snapshot/snapshots';
import { uploadTree } from './snapshot/upload/uploadSnapshot';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from './testing/temporaryFolder';
import { xorshift } from './testing/xorshift';

const runs = Number(process.env.LIFEBOAT_KOPIA_PROPERTY_RUNS ?? 8);
jest.setTimeout(60_000 + runs * 30_000);
afterAll(removeTemporaryFolders);

const names = fc.constantFrom(
  'a',
  'b',
  'ü',
  '\u{1F600}',
  'a&b',
  'x y',
  'q"',
  '-',
  '\uffee',
);
const path = fc
  .array(names, { minLength: 1, maxLength: 3 })
  .map(parts => parts.join('/'));
const size = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.constantFrom(65_536, 65_537, 131_071, 262_145, 700_000),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      path,
      size,
      seed: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), path }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      path,
      target: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      path,
      to: path,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      which: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('maintain' as const),
      hours: fc.constantFrom(1, 5, 26, 100),
      full: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

/** Edits that cannot be made (a file where a folder is needed) are left out. */
function edit(action: () => void) {
  try {
    action();
  } catch (error) {
    if (
      ![
        'EEXIST',
        'ENOTDIR',
        'EISDIR',
        'ENOENT',
        'ENOTEMPTY',
        'EINVAL',
        'ELOOP',
        'ERR_INVALID_ARG_VALUE',
      ].includes((error as NodeJS.ErrnoException).code ?? '')
    )
      throw error;
  }
}

it('restores every snapshot after any order of edits, deletions and maintenance', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      async steps => {
        let now = Date.UTC(2026, 0, 1);
        const clock = () => now;
        const storage = new MemoryStorage(clock);
        const options = {
          storage,
          password: 'x',
          workers: 0,
          clock,
          user: { username: 'u', hostname: 'h' },
        };
        const epochs = {
          MinEpochDuration: 600e9,
          EpochAdvanceOnCountThreshold: 2,
          FullCheckpointFrequency: 2,
          CleanupSafetyMargin: 600e9,
          EpochRefreshFrequency: 60e9,
        };
        let repository = await Repository.create({
          ...options,
          epochs,
          splitter: 'DYNAMIC-128K-BUZHASH',
          keyDerivation: 'pbkdf2-sha256-600000',
        });
        await initializeRepository(repository);
        const tree = temporaryFolder();
        const copies = new Map<string, string>();
        for (const action of steps) {
          now += 1000;
          if (action.kind === 'write') {
            const file = join(tree, action.path);
            edit(() => {
              mkdirSync(dirname(file), { recursive: true });
              writeFileSync(file, xorshift(action.seed, action.size));
            });
          } else if (action.kind === 'remove')
            rmSync(join(tree, action.path), { recursive: true, force: true });
          else if (action.kind === 'link')
            edit(() => symlinkSync(action.target, join(tree, action.path)));
          else if (action.kind === 'move') {
            edit(() => {
              if (
                existsSync(join(tree, action.to)) &&
                statSync(join(tree, action.to)).isDirectory()
              )
                return;
              renameSync(join(tree, action.path), join(tree, action.to));
            });
          } else if (action.kind === 'snapshot') {
            const { snapshot, report } = await uploadTree(repository, tree, {
              source: { path: '/data' },
            });
            expect(report.errors).toEqual([]);
            const copy = join(temporaryFolder(), 'copy');
            cpSync(tree, copy, {
              recursive: true,
              verbatimSymlinks: true,
              preserveTimestamps: true,
            });
            copies.set(snapshot.id, copy);
          } else if (action.kind === 'delete') {
            const id = [...copies.keys()][action.which];
            if (!id) continue;
            deleteSnapshot(repository, id);
            await repository.flush();
            copies.delete(id);
          } else if (action.kind === 'maintain') {
            now += action.hours * 3600 * 1000;
            await runMaintenance(repository, {
              mode: action.full ? 'full' : 'quick',
            });
          } else {
            await repository.close();
            repository = await Repository.open(options);
          }
        }
        await repository.close();
        repository = await Repository.open({ ...options, readOnly: true });
        expect(
          listSnapshots(repository)
            .map(({ id }) => id)
            .sort(),
        ).toEqual([...copies.keys()].sort());
        expect((await verifyContents(repository)).damage).toEqual([]);
        for (const [id, copy] of copies) {
          const target = join(temporaryFolder(), 'out');
          expect(
            (
              await restoreTree(
                repository,
                rootOf(getSnapshot(repository, id)),
                target,
              )
            ).errors,
          ).toEqual([]);
          execFileSync('diff', ['-r', '--no-dereference', copy, target]);
          expect(readdirSync(target).sort()).toEqual(readdirSync(copy).sort());
        }
        await repository.close();
        removeTemporaryFolders();
      },
    ),
    { numRuns: runs, seed: 20260101, endOnFailure: true },
  );
});
