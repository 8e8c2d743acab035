import {
  coreTypes,
  snapshotTypes,
  storageTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  isTerminalBackupPhase,
  lifeboatAnnotations,
  type DataUpload,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { leftovers } from './leftovers';
import type { RealClusterStage } from './RealClusterStage';
import {
  comparable,
  storeApplication,
  type StoreReport,
} from './storeApplication';

const storyTimeoutMs = 400_000;

/** Events of the application, but for the first filling of its volumes. */
function events(reports: StoreReport[]): string[] {
  return reports
    .map(({ event }) => event)
    .filter(event => event !== 'filled') as string[];
}

function lastFrozen(reports: StoreReport[]): StoreReport {
  const frozen = reports.filter(({ event }) => event === 'frozen').at(-1);
  if (!frozen) throw new Error('the application was never frozen');
  return frozen;
}

/** Backup and restore of two volumes through snapshots and movers. */
export function dataMovementStories(stageOf: () => RealClusterStage): void {
  let source: string;
  let frozen: StoreReport;

  const uploads = async (backup: string): Promise<DataUpload[]> => {
    const stage = stageOf();
    return (
      await stage.all<DataUpload>(veleroTypes.dataUploads, stage.control)
    ).filter(
      ({ metadata }) =>
        metadata.labels?.['velero.io/backup-name'] === `${stage.id}-${backup}`,
    );
  };

  const expectNothingLeft = async () => {
    expect(await leftovers(stageOf(), stageOf().presentBefore)).toEqual([]);
  };

  it('has a storage class whose driver the snapshot class belongs to', async () => {
    const stage = stageOf();
    const storageClass = await stage.client.get<
      KubernetesObject & { provisioner?: string }
    >(storageTypes.storageClasses, { name: stage.settings.storageClass });
    const snapshotClass = await stage.client.get<
      KubernetesObject & { driver?: string }
    >(snapshotTypes.volumeSnapshotClasses, {
      name: stage.settings.snapshotClass ?? '',
    });
    expect(storageClass?.provisioner).toBeDefined();
    expect(snapshotClass?.driver).toBe(storageClass?.provisioner);
  });

  it(
    'backs up two volumes of a writer that hooks quiesce',
    async () => {
      const stage = stageOf();
      source = await stage.createNamespace('source');
      await stage.install(
        storeApplication({
          image: stage.settings.moverImage,
          storageClass: stage.settings.storageClass,
          hooks: true,
        }),
        source,
      );
      await stage.found(source);
      const backup = await stage.makeBackup(
        'moved',
        { includedNamespaces: [source], snapshotMoveData: true },
        10,
      );
      expect(await stage.whyNot(backup)).toBeUndefined();
      expect(
        (await uploads('moved')).map(({ status }) => status?.phase),
      ).toEqual(['Completed', 'Completed']);
      const reports = await stage.reports(source);
      expect(events(reports)).toEqual(['found', 'frozen', 'thawed']);
      frozen = lastFrozen(reports);
      expect(frozen.rows?.data).toBeGreaterThan(0);
      expect(frozen.rows?.index).toBe(frozen.rows?.data);
      await expectNothingLeft();
    },
    storyTimeoutMs,
  );

  it(
    'restores them into a new namespace',
    async () => {
      const stage = stageOf();
      const copy = stage.newNamespace('copy');
      const restore = await stage.makeRestore(
        'copy',
        { backupName: 'moved', namespaceMapping: { [source]: copy } },
        15,
      );
      expect(await stage.whyNot(restore)).toBeUndefined();
      expect(comparable(await stage.found(copy))).toEqual(comparable(frozen));
      await expectNothingLeft();
    },
    storyTimeoutMs,
  );

  it(
    'moves only what is new the second time',
    async () => {
      const stage = stageOf();
      const backup = await stage.makeBackup(
        'again',
        { includedNamespaces: [source], snapshotMoveData: true },
        10,
      );
      expect(await stage.whyNot(backup)).toBeUndefined();
      const first = (await uploads('moved')).map(
        ({ status }) => status?.incrementalBytes ?? 0,
      );
      const second = (await uploads('again')).map(
        ({ status }) => status?.incrementalBytes ?? 0,
      );
      expect(Math.max(...first)).toBeGreaterThan(20_000_000);
      expect(Math.max(...second)).toBeLessThan(1_000_000);
    },
    storyTimeoutMs,
  );

  it(
    'restores them into the claims that are there, and keeps the old volumes',
    async () => {
      const stage = stageOf();
      const restore = await stage.makeRestore(
        'in-place',
        { backupName: 'moved', existingResourcePolicy: 'update' },
        undefined,
        {
          annotations: {
            [lifeboatAnnotations.restoreData]: 'existing-claims',
          },
        },
      );
      expect(await stage.whyNot(restore)).toBeUndefined();
      const found = await eventually(
        'the application starts again',
        async () => {
          const report = await stage.found(source);
          return report.rows?.data === frozen.rows?.data && report;
        },
        60_000,
      );
      expect(comparable(found)).toEqual(comparable(frozen));
      const old = (
        await stage.all<KubernetesObject>(coreTypes.persistentVolumes)
      ).filter(({ metadata }) =>
        metadata.annotations?.[lifeboatAnnotations.undoClaim]?.startsWith(
          `${source}/`,
        ),
      );
      expect(
        old
          .map(
            ({ metadata }) =>
              metadata.annotations?.[lifeboatAnnotations.undoClaim],
          )
          .sort(),
      ).toEqual([`${source}/data-store-0`, `${source}/index-store-0`]);
      stage.oldVolumes.push(...old.map(({ metadata }) => metadata.name ?? ''));
      await expectNothingLeft();
    },
    storyTimeoutMs,
  );

  it(
    'restores from snapshots that stay in the storage',
    async () => {
      const stage = stageOf();
      const backup = await stage.makeBackup('kept', {
        includedNamespaces: [source],
        snapshotMoveData: false,
      });
      expect(await stage.whyNot(backup)).toBeUndefined();
      const then = lastFrozen(await stage.reports(source));
      const copy = stage.newNamespace('kept');
      const restore = await stage.makeRestore('kept', {
        backupName: 'kept',
        namespaceMapping: { [source]: copy },
      });
      expect(await stage.whyNot(restore)).toBeUndefined();
      expect(comparable(await stage.found(copy))).toEqual(comparable(then));
    },
    storyTimeoutMs,
  );

  it(
    'ends a backup that is canceled, and says so',
    async () => {
      const stage = stageOf();
      await stage.createBackup('canceled', {
        includedNamespaces: [source],
        snapshotMoveData: true,
      });
      await eventually('data is to be moved', async () =>
        (await uploads('canceled')).some(({ status }) => status?.phase),
      );
      await stage.client.patch(
        veleroTypes.backups,
        { namespace: stage.control, name: `${stage.id}-canceled` },
        {
          contentType: 'merge',
          body: {
            metadata: {
              annotations: { 'lifeboat.dev/cancel-requested': 'a story' },
            },
          },
        },
      );
      const backup = await stage.backupEnd('canceled');
      expect(backup.status).toMatchObject({
        phase: 'Failed',
        failureReason: expect.stringContaining('Canceled by a story'),
      });
      await expectNothingLeft();
      expect(events(await stage.reports(source)).at(-1)).not.toBe('frozen');
    },
    storyTimeoutMs,
  );

  it(
    'survives the end of the engine while data is moved',
    async () => {
      const stage = stageOf();
      await stage.createBackup('survived', {
        includedNamespaces: [source],
        snapshotMoveData: true,
      });
      await eventually(
        'only the data is left to be moved',
        async () =>
          (await stage.backup('survived'))?.status?.phase ===
          'WaitingForPluginOperations',
        60_000,
      );
      await stage.killEngine();
      expect(
        isTerminalBackupPhase((await stage.backup('survived'))?.status?.phase),
      ).toBe(false);
      await stage.startEngine();
      const backup = await stage.backupEnd('survived');
      expect(await stage.whyNot(backup)).toBeUndefined();
      const then = lastFrozen(await stage.reports(source));
      expect(events(await stage.reports(source)).at(-1)).toBe('thawed');
      const copy = stage.newNamespace('survived');
      const restore = await stage.makeRestore('survived', {
        backupName: 'survived',
        namespaceMapping: { [source]: copy },
      });
      expect(await stage.whyNot(restore)).toBeUndefined();
      expect(comparable(await stage.found(copy))).toEqual(comparable(then));
      await expectNothingLeft();
    },
    storyTimeoutMs,
  );

  it(
    'restores a namespace that was deleted',
    async () => {
      const stage = stageOf();
      if (stage.identity === 'engine') {
        stage.notes.push(
          'a deleted namespace: not tried, the engine may delete no namespace',
        );
        return;
      }
      await stage.deleteNamespace(source);
      const restore = await stage.makeRestore(
        'deleted',
        { backupName: 'moved' },
        15,
      );
      expect(await stage.whyNot(restore)).toBeUndefined();
      expect(comparable(await stage.found(source))).toEqual(comparable(frozen));
      await expectNothingLeft();
    },
    storyTimeoutMs,
  );
}
