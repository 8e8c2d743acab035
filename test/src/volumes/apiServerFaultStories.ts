/* eslint-disable jest/no-export -- beside the stories of other faults */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { veleroTypes } from '@lifeboat/engine';
import type { DataDownload, DataUpload } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import {
  startRestartableCluster,
  type RestartableCluster,
} from '../cluster/startRestartableCluster';
import { controlNamespace } from '../engine/EngineStage';
import { DataPathStage } from './DataPathStage';
import { repositoryDamage } from './repositoryDamage';
import { volumeRuntimes } from './startVolumeCluster';

const delay = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** The API server hangs, or dies, while movers run. */
export function apiServerFaultStories(): void {
  describe('an API server that goes away while data is moved', () => {
    let cluster: RestartableCluster;
    let stage: DataPathStage;
    let folder: string;
    const shop = { includedNamespaces: ['shop'], snapshotMoveData: true };

    beforeAll(async () => {
      stage = await DataPathStage.start(async () => {
        cluster = await startRestartableCluster(volumeRuntimes());
        return cluster;
      });
      await stage.createNamespace('shop');
      folder = await stage.makeVolume('shop', 'data');
      writeFileSync(path.join(folder, 'rows'), 'one, two, three\n');
      writeFileSync(path.join(folder, 'picture'), randomBytes(10_000_000));
    }, 150_000);

    afterEach(async () => {
      await stage.untilRunning('shop', 'uses-data');
      await stage.expectNothingLeft();
      expect(readFileSync(path.join(folder, 'rows'), 'utf8')).toBe(
        'one, two, three\n',
      );
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 90_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    /** The process that moves the data of a backup or restore, stopped. */
    const holdMover = async (
      type: typeof veleroTypes.dataUploads | typeof veleroTypes.dataDownloads,
      label: string,
    ) => {
      const owner = await eventually('data is moved', async () => {
        for await (const each of stage.client.list<DataUpload | DataDownload>(
          type,
          { namespace: controlNamespace, labelSelector: label },
        )) {
          if (each.status?.phase !== 'Failed') return each.metadata.name;
        }
        return undefined;
      });
      const { pid } = await stage.moverOf(owner);
      process.kill(pid, 'SIGSTOP');
      return { owner, pid };
    };
    const isAlive = (pid: number) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };

    it('hangs: the mover finishes its work meanwhile, and nothing is lost', async () => {
      await stage.stage.createBackup('hangs', shop);
      const { owner, pid } = await holdMover(
        veleroTypes.dataUploads,
        'velero.io/backup-name=hangs',
      );
      await stage.phase('DataUpload', owner, 'InProgress');
      cluster.freeze();
      process.kill(pid, 'SIGCONT');
      await delay(6_000);
      cluster.thaw();
      const { status } = await stage.stage.backupEnd('hangs', 90_000);
      expect([status?.phase, status?.failureReason]).toEqual([
        'Completed',
        undefined,
      ]);
    }, 150_000);

    it('is killed with its node in a backup: the data that was not moved is named', async () => {
      await stage.stage.createBackup('killed', shop);
      const { owner, pid } = await holdMover(
        veleroTypes.dataUploads,
        'velero.io/backup-name=killed',
      );
      await stage.phase('DataUpload', owner, 'InProgress');
      await cluster.kill();
      await eventually('the mover is gone', () => !isAlive(pid));
      await delay(2_000);
      await cluster.restart();
      const { status } = await stage.stage.backupEnd('killed', 90_000);
      expect(status?.phase).toBe('PartiallyFailed');
      const upload = await stage.getDataPath<DataUpload>('DataUpload', owner);
      expect(upload?.status).toMatchObject({
        phase: 'Failed',
        message: expect.stringMatching(/exit code 137/),
      });
      const after = await stage.stage.makeBackup('after', shop);
      expect(after.status?.phase).toBe('Completed');
    }, 150_000);

    it('is killed with its node in a restore: the claim is named, and restoring again fills it', async () => {
      await stage.createNamespace('copy');
      const spec = {
        backupName: 'hangs',
        namespaceMapping: { shop: 'copy' },
      };
      await stage.stage.createRestore('killed', spec);
      const { pid } = await holdMover(
        veleroTypes.dataDownloads,
        'velero.io/restore-name=killed',
      );
      await cluster.kill();
      await eventually('the mover is gone', () => !isAlive(pid));
      await cluster.restart();
      const { status } = await stage.stage.restoreEnd('killed', 90_000);
      expect(status?.phase).toBe('PartiallyFailed');
      const again = await stage.stage.makeRestore('again', spec);
      expect(again.status?.phase).toBe('Completed');
      await stage.untilRunning('copy', 'uses-data');
      const restored = await stage.folderOf('copy', 'uses-data', 'data');
      expect(readFileSync(path.join(restored, 'rows'), 'utf8')).toBe(
        'one, two, three\n',
      );
    }, 150_000);
  });
}
