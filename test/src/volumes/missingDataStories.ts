/* eslint-disable jest/no-export -- the same stories run on several clusters */
import { deleteSnapshot } from '@lifeboat/kopia';
import type { RunningCluster } from '../cluster/RunningCluster';
import { RestoreStage } from './RestoreStage';

/** Restores of backups whose data somebody has removed from the repository. */
export function missingDataStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`restores of data that is gone on ${clusterName}`, () => {
    let stage: RestoreStage;
    let gone = '';

    beforeAll(async () => {
      stage = await RestoreStage.start(start);
      await stage.stage.createNamespace('shop');
      await stage.deploy('shop', 'db', 'rows');
      await stage.stage.prepareBackup('before', {
        includedNamespaces: ['shop'],
        snapshotMoveData: true,
      });
      const { repositories } = stage.data;
      [gone] = await repositories.snapshots('shop');
      await repositories.use(
        'shop',
        await repositories.password(),
        async repository => {
          deleteSnapshot(repository, gone);
          await repository.flush();
        },
      );
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('are refused before they start, with the name of what is missing', async () => {
      const restore = await stage.restore('refused', {
        backupName: 'before',
        namespaceMapping: { shop: 'copy' },
      });
      expect(restore.status).toMatchObject({
        phase: 'FailedValidation',
        validationErrors: [
          expect.stringContaining(
            `does not hold the data of the backup any more: snapshot ${gone} is missing`,
          ),
        ],
      });
    }, 90_000);

    it('bring the objects back where no data is asked for', async () => {
      const restore = await stage.restore('objects', {
        backupName: 'before',
        namespaceMapping: { shop: 'copy' },
        includedResources: ['deployments.apps'],
        restorePVs: false,
      });
      expect(restore.status?.phase).toBe('Completed');
    }, 90_000);
  });
}
