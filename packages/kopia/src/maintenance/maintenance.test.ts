import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryStorage } from '../blob/MemoryStorage';
import { CreateOptions, OpenOptions, Repository } from '../Repository';
import {
  deleteSnapshot,
  findEntry,
  listSnapshots,
} from '../snapshot/snapshots';
import { uploadTree } from '../snapshot/upload/uploadSnapshot';
import { verifyContents, verifySnapshots } from '../restore/verify';
import { writeDated } from '../testing/sourceTree';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { xorshift } from '../testing/xorshift';
import { ContentIdSet } from './ContentIdSet';
import { readSchedule } from './MaintenanceSchedule';
import {
  initializeRepository,
  maintenanceParameters,
  setMaintenanceParameters,
} from './parameters';
import { runMaintenance } from './runMaintenance';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const hour = 3600 * 1000;
const user = { username: 'me', hostname: 'here' };

/** A repository in a world whose time stands still unless it is moved. */
class World {
  now = Date.UTC(2026, 0, 1);
  readonly clock = () => this.now;
  readonly storage = new MemoryStorage(this.clock);
  readonly folder = temporaryFolder();

  private get options(): OpenOptions {
    return {
      storage: this.storage,
      password: 'x',
      workers: 0,
      clock: this.clock,
      user,
    };
  }

  async create(options: Partial<CreateOptions> = {}): Promise<Repository> {
    const repository = await Repository.create({
      ...this.options,
      keyDerivation: 'pbkdf2-sha256-600000',
      ...options,
    });
    await initializeRepository(repository);
    return repository;
  }

  open(options: Partial<OpenOptions> = {}): Promise<Repository> {
    return Repository.open({ ...this.options, ...options });
  }

  pass(hours: number) {
    this.now += hours * hour;
  }

  blobs(prefix: string): string[] {
    return [...this.storage.blobs.keys()]
      .filter(id => id.startsWith(prefix))
      .sort();
  }

  /** Throws when anything is damaged. */
  async check(repository: Repository): Promise<void> {
    const contents = await verifyContents(repository);
    const snapshots = await verifySnapshots(
      repository,
      listSnapshots(repository),
    );
    const damage = [...contents.damage, ...snapshots.damage];
    if (damage.length > 0) throw new Error(JSON.stringify(damage));
  }
}

it('deletes data only after mark, wait, forget, wait', async () => {
  const world = new World();
  const repository = await world.create();
  writeDated(join(world.folder, 'old'), xorshift(1, 3_000_000));
  const { snapshot } = await uploadTree(repository, world.folder);
  const old = (await findEntry(repository, snapshot, 'old')).obj.replace(
    /^I/,
    '',
  );
  rmSync(join(world.folder, 'old'));
  writeDated(join(world.folder, 'new'), xorshift(2, 1_000_000));
  await uploadTree(repository, world.folder);
  deleteSnapshot(repository, snapshot.id);
  await repository.flush();
  const { length: before } = Buffer.concat(
    [...world.storage.blobs.values()].map(({ data }) => data),
  );
  const states: string[] = [];
  for (let round = 0; round < 12; round++) {
    const report = await runMaintenance(repository, { mode: 'full' });
    expect(report.mode).toBe('full');
    await world.check(repository);
    const entry = repository.contents.find(old);
    const present = entry?.deleted ? 'marked' : 'live';
    states.push(entry ? present : 'forgotten');
    if (entry) await repository.contents.readEntry(entry);
    world.pass(9);
  }
  // Too young until 24 h after it was last moved; then marked; forgotten only after a second collection.
  expect(states.join(' ')).toMatch(
    /^(live ){3,5}(marked ){1,5}(forgotten ?)+$/,
  );
  // The bytes lie beside live ones; a second short pack lets them be moved together.
  writeDated(join(world.folder, 'newer'), xorshift(3, 100_000));
  await uploadTree(repository, world.folder);
  for (let round = 0; round < 4; round++) {
    world.pass(9);
    await runMaintenance(repository, { mode: 'full' });
  }
  const { length: after } = Buffer.concat(
    [...world.storage.blobs.values()].map(({ data }) => data),
  );
  expect(before - after).toBeGreaterThan(2_800_000);
  const schedule = await readSchedule(repository);
  expect(schedule.runs['snapshot-gc']).toHaveLength(16);
  expect(schedule.runs['snapshot-gc'].every(({ success }) => success)).toBe(
    true,
  );
  await repository.close();
  const again = await world.open();
  await world.check(again);
  expect(listSnapshots(again)).toHaveLength(2);
  await again.close();
});

it('brings back what is needed again', async () => {
  const world = new World();
  const repository = await world.create();
  writeDated(join(world.folder, 'file'), xorshift(1, 1_000_000));
  const { snapshot } = await uploadTree(repository, world.folder);
  // Another writer has seen the content before it is marked deleted, and refers to it afterwards.
  const other = await world.open();
  deleteSnapshot(repository, snapshot.id);
  await repository.flush();
  world.pass(30);
  await runMaintenance(repository, { mode: 'full' });
  await uploadTree(other, world.folder, { previous: 'none' });
  await other.close();
  const report = await runMaintenance(repository, { mode: 'full' });
  const gc = report.tasks.find(({ task }) => task === 'snapshot-gc')!
    .result as { undeleted: number };
  expect(gc.undeleted).toBeGreaterThan(0);
  for (let i = 0; i < 8; i++) {
    world.pass(12);
    await runMaintenance(repository, { mode: 'full' });
  }
  await repository.refresh();
  await world.check(repository);
  expect(listSnapshots(repository)).toHaveLength(1);
  await repository.close();
});

it('spares the packs of a session that is not finished', async () => {
  const world = new World();
  const repository = await world.create();
  const slow = await world.open();
  await slow.contents.write(xorshift(4, 100_000), '');
  // Its pack is there, its index is not.
  const flushing = slow.contents as unknown as { upload(kind: string): void };
  flushing.upload('p');
  await new Promise(resolve => setTimeout(resolve, 50));
  const [pack] = world.blobs('p');
  expect(pack).toBeDefined();
  for (let i = 0; i < 6; i++) {
    world.pass(12);
    await runMaintenance(repository, { mode: 'full' });
  }
  expect(world.storage.blobs.has(pack)).toBe(true);
  await slow.flush();
  world.pass(12);
  await runMaintenance(repository, { mode: 'full' });
  expect(world.storage.blobs.has(pack)).toBe(true);
  await slow.close();

  const dead = await world.open();
  await dead.contents.write(xorshift(5, 100_000), '');
  (dead.contents as unknown as { upload(kind: string): void }).upload('p');
  await new Promise(resolve => setTimeout(resolve, 50));
  const left = world.blobs('p').filter(id => id !== pack)[0];
  world.pass(100);
  await runMaintenance(repository, { mode: 'full' });
  world.pass(3);
  await runMaintenance(repository, { mode: 'full' });
  expect(world.storage.blobs.has(left)).toBe(false);
  expect(world.blobs('s')).toEqual([]);
  await dead.close();
  await repository.close();
});

it('compacts epochs, moves small packs together, and cleans up after itself', async () => {
  const world = new World();
  const repository = await world.create({
    epochs: {
      FullCheckpointFrequency: 2,
      EpochAdvanceOnCountThreshold: 10,
      MinEpochDuration: 600 * 1e9,
      CleanupSafetyMargin: 600 * 1e9,
      EpochRefreshFrequency: 180 * 1e9,
    },
  });
  for (let day = 0; day < 60; day++) {
    writeDated(
      join(world.folder, `file-${day % 7}`),
      xorshift(day + 1, 20_000),
      1_700_000_000 + day,
    );
    await uploadTree(repository, world.folder, { source: { path: '/data' } });
    world.pass(3);
    await runMaintenance(repository, {
      mode: day % 5 === 4 ? 'full' : 'quick',
    });
  }
  await world.check(repository);
  const { state } = repository.contents.indexes.listing;
  expect(state.writeEpoch).toBeGreaterThan(3);
  expect(state.ranges.length).toBeGreaterThan(0);
  expect(world.blobs('p').length).toBeLessThan(30);
  expect(world.blobs('xe').length).toBeLessThan(4);
  expect(listSnapshots(repository)).toHaveLength(60);
  await repository.close();
  const again = await world.open();
  await world.check(again);
  await again.close();
});

it('obeys ownership, time tables, upgrades and clocks', async () => {
  const world = new World();
  const repository = await world.create();
  expect((await runMaintenance(repository)).mode).toBe('full');
  expect((await runMaintenance(repository)).mode).toBe('none');
  world.pass(2);
  expect((await runMaintenance(repository)).mode).toBe('quick');
  world.pass(24);
  expect((await runMaintenance(repository)).mode).toBe('full');
  setMaintenanceParameters(repository, {
    ...maintenanceParameters(repository)!,
    owner: 'someone@else',
  });
  await repository.flush();
  await expect(
    runMaintenance(repository, { mode: 'full' }),
  ).rejects.toMatchObject({ code: 'not-owner' });
  expect(
    (await runMaintenance(repository, { mode: 'full', force: true })).mode,
  ).toBe('full');
  const late = await world.open({ clock: () => world.now + 10 * 60 * 1000 });
  await expect(
    runMaintenance(late, { mode: 'full', force: true }),
  ).rejects.toMatchObject({ code: 'unsafe' });
  await late.close();
  const reader = await world.open({ readOnly: true });
  await expect(runMaintenance(reader)).rejects.toMatchObject({
    code: 'read-only',
  });
  await reader.close();
  await repository.close();
});

it('deletes nothing when a snapshot cannot be read', async () => {
  const world = new World();
  const repository = await world.create();
  writeDated(join(world.folder, 'file'), xorshift(1, 100_000));
  await uploadTree(repository, world.folder);
  rmSync(join(world.folder, 'file'));
  const { snapshot } = await uploadTree(repository, world.folder, {
    source: { path: '/other' },
  });
  deleteSnapshot(repository, snapshot.id);
  await repository.flush();
  await repository.close();
  const [metadata] = world.blobs('q');
  world.storage.blobs.get(metadata)!.data.fill(0, 32, 2000);
  world.pass(100);
  const before = [...world.storage.blobs.keys()].filter(id => /^[pq]/.test(id));
  const again = await world.open().catch(error => error as Error);
  if (again instanceof Repository) {
    await expect(
      runMaintenance(again, { mode: 'full', safety: 'none' }),
    ).rejects.toMatchObject({ code: 'corrupt' });
    await again.close();
  }
  for (const id of before) expect(world.storage.blobs.has(id)).toBe(true);
});

it('keeps large sets of names in little memory', () => {
  const set = new ContentIdSet();
  const ids = Array.from({ length: 20_000 }, (_, i) =>
    xorshift(i + 1, 16).toString('hex'),
  );
  for (const id of ids) expect(set.add(id)).toBe(true);
  for (const id of ids) expect(set.add(id)).toBe(false);
  expect(ids.every(id => set.has(id))).toBe(true);
  expect(set.has(`k${ids[0]}`)).toBe(false);
  expect(set.has('00'.repeat(16))).toBe(false);
  expect(set.size).toBe(20_000);
});
