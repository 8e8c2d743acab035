import { veleroTypes } from '@lifeboat/engine';
import type { DataUpload } from '@lifeboat/velero-api';
import type { RealClusterStage } from './RealClusterStage';
import { comparable, storeApplication, type StoreReport } from './storeApplication';

const storyTimeoutMs = 300_000;

/** Backup and restore of two volumes through snapshots and movers. */
export function dataMovementStories(stageOf: () => RealClusterStage): void {
  let source: string;
  let frozen: StoreReport;

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
      const uploads = (
        await stage.all<DataUpload>(veleroTypes.dataUploads, stage.control)
      ).filter(each => each.spec.sourceNamespace === source);
      expect(uploads.map(({ status }) => status?.phase)).toEqual([
        'Completed',
        'Completed',
      ]);
      const reports = await stage.reports(source);
      expect(
        reports.map(({ event }) => event).filter(event => event !== 'filled'),
      ).toEqual(['found', 'frozen', 'thawed']);
      frozen = reports.find(({ event }) => event === 'frozen') as StoreReport;
      expect(frozen.rows?.data).toBeGreaterThan(0);
      expect(frozen.rows?.index).toBe(frozen.rows?.data);
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
      const found = await stage.found(copy);
      expect(comparable(found)).toEqual(comparable(frozen));
    },
    storyTimeoutMs,
  );
}
