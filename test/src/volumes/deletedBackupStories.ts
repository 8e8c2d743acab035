import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { veleroTypes } from '@lifeboat/engine';
import type { DataUpload } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import { DataPathStage } from './DataPathStage';
import { HookedApplication } from './HookedApplication';
import { repositoryDamage } from './repositoryDamage';

/* eslint-disable jest/no-export -- the same stories run on several clusters */

const spec = { includedNamespaces: ['shop'], snapshotMoveData: true };

/** Backups that somebody deletes with `kubectl delete` before their end, with and without an engine. */
export function deletedBackupStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`Backups deleted before their end on ${clusterName}`, () => {
    let stage: DataPathStage;
    let application: HookedApplication;

    const remove = (name: string) =>
      stage.client.delete(veleroTypes.backups, {
        namespace: controlNamespace,
        name,
      });
    const kill = async () => {
      process.kill(stage.stage.engine.pid, 'SIGKILL');
      await eventually(
        'the engine is dead',
        () => !stage.stage.isEngineAlive(),
      );
    };
    const frozen = async (name: string) => {
      await stage.faults({ 'snapshot-create-delay-ms': '4000' });
      await stage.stage.createBackup(name, spec);
      await eventually('the application is frozen', () =>
        application.isFrozen(),
      );
    };
    /** One volume's data is in the repository, the other's is on its way. */
    const halfMoved = async (name: string) => {
      const some = (what: string, test: (upload: DataUpload) => boolean) =>
        eventually(
          what,
          async () => {
            for await (const upload of stage.client.list<DataUpload>(
              veleroTypes.dataUploads,
              { labelSelector: `velero.io/backup-name=${name}` },
            )) {
              if (test(upload)) return true;
            }
            return false;
          },
          60_000,
        );
      await stage.stage.createBackup(name, spec);
      await some('the snapshots are cut', () => true);
      await stage.faults({ 'copy-bytes-per-second': '5000' });
      await some(
        'some data has been moved',
        ({ status }) => status?.phase === 'Completed',
      );
    };
    const marker = (name: string) =>
      stage.stage.storage('backups', name, `${name}-lifeboat-running.json`);
    const kept = () => stage.repositories.snapshots('shop');
    const nothingLeft = async (name: string) => {
      await eventually(
        `the files of ${name} are gone`,
        () => stage.stage.files('backups', name).length === 0,
        30_000,
      );
      await stage.expectNothingLeft();
      expect(application.isFrozen()).toBe(false);
      expect(await repositoryDamage(stage.client)).toEqual([]);
    };

    beforeAll(async () => {
      stage = await DataPathStage.start(start);
      await stage.createNamespace('shop', {
        labels: { 'lifeboat.dev/hooks': 'enabled' },
      });
      application = await HookedApplication.start(stage, 'shop');
      writeFileSync(
        path.join(application.folders.uploads, 'film'),
        'x'.repeat(90_000),
      );
      await stage.stage.prepareBackup('before', spec);
    }, 120_000);

    afterAll(async () => {
      await stage?.stop();
    }, 60_000);

    it('wakes the application and leaves nothing while the engine runs', async () => {
      await frozen('frozen');
      await remove('frozen');
      await eventually('it is awake', () => !application.isFrozen(), 3_000);
      await stage.faults({ 'snapshot-create-delay-ms': null });
      await nothingLeft('frozen');
    }, 90_000);

    it('wakes the application and leaves nothing when no engine ran', async () => {
      await frozen('frozen-alone');
      await kill();
      await remove('frozen-alone');
      await stage.faults({ 'snapshot-create-delay-ms': null });
      expect(application.isFrozen()).toBe(true);
      const began = Date.now();
      await stage.stage.restartEngine();
      await eventually('it is awake', () => !application.isFrozen());
      expect(Date.now() - began).toBeLessThan(10_000);
      await nothingLeft('frozen-alone');
    }, 90_000);

    it('leaves nothing when data was being moved and no engine ran', async () => {
      const before = await kept();
      await halfMoved('moving-alone');
      expect(await kept()).not.toEqual(before);
      await kill();
      await remove('moving-alone');
      await stage.faults({ 'copy-bytes-per-second': null });
      expect(stage.stage.files('backups', 'moving-alone')).not.toEqual([]);
      await stage.stage.restartEngine();
      await nothingLeft('moving-alone');
      expect(await kept()).toEqual(before);
    }, 120_000);

    it('makes another one of the same name in its place', async () => {
      const before = await kept();
      await halfMoved('again');
      await remove('again');
      await stage.faults({ 'copy-bytes-per-second': null });
      await stage.stage.createBackup('again', spec);
      const backup = await stage.stage.backupEnd('again', 60_000);
      expect(backup.status?.phase).toBe('Completed');
      expect(stage.stage.files('backups', 'again')).toHaveLength(10);
      await stage.expectNothingLeft();
      expect((await kept()).length).toBe(before.length + 2);
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 120_000);

    it('keeps files of which it cannot be said whose they are', async () => {
      for (const [name, text] of [
        ['of-another', JSON.stringify({ version: 1, backupUid: 'another' })],
        ['of-nobody', 'not JSON'],
      ]) {
        await halfMoved(name);
        await kill();
        expect(readFileSync(marker(name), 'utf8')).toContain(
          (await stage.stage.getBackup(name))?.metadata.uid,
        );
        await remove(name);
        writeFileSync(marker(name), text);
        const files = stage.stage.files('backups', name);
        await stage.faults({ 'copy-bytes-per-second': null });
        await stage.stage.restartEngine();
        await stage.expectNothingLeft();
        expect(stage.stage.files('backups', name)).toEqual(files);
      }
    }, 120_000);
  });
}
