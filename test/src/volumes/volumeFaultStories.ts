/* eslint-disable jest/no-export, jest/expect-expect, jest/no-standalone-expect -- the same stories run on several clusters; what holds after each is looked at after each */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  veleroTypes,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import type {
  Backup,
  BackupVolumeInfo,
  DataUpload,
  RunResults,
} from '@lifeboat/velero-api';
import { appsTypes } from '../cluster/appsTypes';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace } from '../engine/EngineStage';
import type { Live } from './DataPathStage';
import { HookedApplication } from './HookedApplication';
import { repositoryDamage } from './repositoryDamage';
import { moverImage } from './RepositoryStage';
import { RestoreStage } from './RestoreStage';

const quotas: ResourceTypeRef = {
  group: '',
  version: 'v1',
  resource: 'resourcequotas',
  namespaced: true,
};
const roleBindings: ResourceTypeRef = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource: 'rolebindings',
  namespaced: true,
};

/** More than fits into one pack of the repository. */
const pictureBytes = 24_000_000;

/** Whether this machine lets the story mount storage of its own and give files to other users. */
const isMighty = (() => {
  if (process.getuid?.() !== 0) return false;
  const folder = `/tmp/lifeboat-mount-${process.pid}`;
  try {
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'pipe' });
    execFileSync('umount', [folder], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

/** Without the right to mount, storage cannot be made full or read-only here. */
const itAsRoot = isMighty ? it : it.skip;

/** What goes wrong around whole backups and restores with volumes. */
export function volumeFaultStories(
  clusterName: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`faults around backups with volumes on ${clusterName}`, () => {
    let stage: RestoreStage;
    let application: HookedApplication;
    let pods: string[];
    const mounts: string[] = [];
    const shop = { includedNamespaces: ['shop'], snapshotMoveData: true };

    /** Every pod of the application, with how often its containers were started anew. */
    const podsNow = async () => {
      const found: string[] = [];
      for await (const pod of stage.client.list<Live>(coreTypes.pods, {
        namespace: 'shop',
      })) {
        found.push(
          [
            pod.metadata.uid,
            pod.status?.phase,
            pod.status?.containerStatuses?.[0].restartCount,
          ].join(' '),
        );
      }
      return found.sort();
    };
    const results = (name: string) =>
      stage.stage.readJson<RunResults>('backups', name, `${name}-results.gz`);
    const infos = (name: string) =>
      stage.stage.readJson<BackupVolumeInfo[]>(
        'backups',
        name,
        `${name}-volumeinfo.json.gz`,
      );
    const begin = (name: string, spec: Backup['spec'] = {}) =>
      stage.stage.createBackup(name, { ...shop, ...spec });
    const end = (name: string) => stage.stage.backupEnd(name, 90_000);
    const completes = async (name: string, spec: Backup['spec'] = {}) => {
      await begin(name, spec);
      const { status } = await end(name);
      expect([name, status?.phase, status?.failureReason]).toEqual([
        name,
        'Completed',
        undefined,
      ]);
    };
    const cancel = (
      type: typeof veleroTypes.backups | typeof veleroTypes.restores,
      name: string,
    ) =>
      stage.client.patch(
        type,
        { namespace: controlNamespace, name },
        {
          contentType: 'merge',
          body: {
            metadata: {
              annotations: { 'lifeboat.dev/cancel-requested': 'the story' },
            },
          },
        },
      );
    const canceled = {
      phase: 'Failed',
      failureReason: 'Canceled by the story',
    };
    const uploadsOf = async (backup: string) => {
      const found: DataUpload[] = [];
      for await (const each of stage.client.list<DataUpload>(
        veleroTypes.dataUploads,
        {
          namespace: controlNamespace,
          labelSelector: `velero.io/backup-name=${backup}`,
        },
      )) {
        found.push(each);
      }
      return found;
    };
    /** Stops the process that moves one volume of a backup, once it runs. */
    const holdMover = async (backup: string, claim = 'uploads') => {
      const upload = await eventually(
        `the data of ${claim} is asked for`,
        async () =>
          (
            await uploadsOf(backup)
          ).find(({ spec }) => spec.sourcePVC === claim),
      );
      const { pid } = await stage.data.moverOf(upload.metadata.name ?? '');
      process.kill(pid, 'SIGSTOP');
      return pid;
    };
    const backupPhase = (name: string, phase: string) =>
      eventually(`backup ${name} is ${phase}`, async () =>
        (await stage.stage.getBackup(name))?.status?.phase?.startsWith(phase),
      );
    const restorePhase = (name: string, phase: string) =>
      eventually(`restore ${name} is ${phase}`, async () =>
        (await stage.stage.getRestore(name))?.status?.phase?.startsWith(phase),
      );
    /** A location on a file system of its own, of a limited size. */
    const mountLocation = async (name: string, size: string) => {
      const folder = stage.data.repositories.newFolder(name);
      execFileSync('mount', [
        '-t',
        'tmpfs',
        '-o',
        `size=${size}`,
        name,
        folder,
      ]);
      mounts.push(folder);
      await stage.stage.createLocation(name, folder);
      return {
        folder,
        remount: (options: string) =>
          execFileSync('mount', ['-o', `remount,${options}`, folder]),
      };
    };
    beforeAll(async () => {
      stage = await RestoreStage.start(start, {
        dataMover: { image: moverImage, loadConcurrency: { globalConfig: 4 } },
      });
      await stage.data.createNamespace('shop', {
        labels: { 'lifeboat.dev/hooks': 'enabled' },
      });
      application = await HookedApplication.start(stage.data, 'shop');
      writeFileSync(
        path.join(application.folders.uploads, 'picture'),
        randomBytes(pictureBytes),
      );
      await stage.deploy('shop', 'web', 'rows of the web');
      pods = await podsNow();
      await completes('source');
    }, 180_000);

    afterEach(async () => {
      await stage.data.expectNothingLeft();
      expect(application.isFrozen()).toBe(false);
      expect(await podsNow()).toEqual(pods);
      expect(
        readFileSync(path.join(application.folders.data, 'rows'), 'utf8'),
      ).toBe('one, two, three\n');
      const web = await stage.client.get<Live>(appsTypes.deployments, {
        namespace: 'shop',
        name: 'web',
      });
      expect([web?.spec.replicas, web?.status?.readyReplicas]).toEqual([1, 1]);
      expect(await repositoryDamage(stage.client)).toEqual([]);
    }, 90_000);

    afterAll(async () => {
      for (const folder of mounts) execFileSync('umount', ['-l', folder]);
      await stage?.stop();
    }, 60_000);

    itAsRoot(
      'says that storage became read-only in mid-transfer, and takes the next backup when it is writable',
      async () => {
        const { remount } = await mountLocation('flaky', '200m');
        await begin('flaky', { storageLocation: 'flaky' });
        const pid = await holdMover('flaky');
        await backupPhase('flaky', 'WaitingForPluginOperations');
        remount('ro');
        process.kill(pid, 'SIGCONT');
        await new Promise(resolve => setTimeout(resolve, 4_000));
        remount('rw');
        const { status } = await end('flaky');
        const [upload] = (await uploadsOf('flaky')).filter(
          ({ spec }) => spec.sourcePVC === 'uploads',
        );
        expect([
          status?.phase,
          upload.status?.phase,
          upload.status?.message,
        ]).toEqual([
          'PartiallyFailed',
          'Failed',
          expect.stringMatching(/no permission \(EROFS\)/),
        ]);
        await completes('flaky-again', { storageLocation: 'flaky' });
      },
      150_000,
    );

    itAsRoot(
      'says that storage is full, and takes the next backup when there is room',
      async () => {
        const { remount } = await mountLocation('small', '20m');
        await begin('full', { storageLocation: 'small' });
        const { status } = await end('full');
        const uploads = await uploadsOf('full');
        const said = [
          status?.failureReason,
          ...uploads.map(each => each.status?.message),
        ].join('\n');
        expect(['PartiallyFailed', 'Failed']).toContain(status?.phase);
        expect(said).toMatch(/full|no space/i);
        remount('size=200m');
        await completes('room', { storageLocation: 'small' });
      },
      150_000,
    );

    it('fails while movers have lost their rights, and completes with new ones', async () => {
      const ref = { namespace: controlNamespace, name: 'lifeboat-mover' };
      const binding = await stage.client.get<KubernetesObject>(
        roleBindings,
        ref,
      );
      await stage.client.delete(roleBindings, ref);
      await begin('no-rights');
      const { status } = await end('no-rights');
      const messages = (await uploadsOf('no-rights')).map(
        each => each.status?.message,
      );
      await stage.client.create<KubernetesObject>(roleBindings, {
        ...binding!,
        metadata: ref,
      });
      expect(status?.phase).toBe('PartiallyFailed');
      expect(messages).toEqual(
        Array(3).fill(expect.stringMatching(/forbidden/)),
      );
      await completes('rights');
    }, 180_000);

    it('takes volumes one after the other where a quota has room for one', async () => {
      await stage.client.create<KubernetesObject>(quotas, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { namespace: controlNamespace, name: 'claims' },
        spec: { hard: { persistentvolumeclaims: '1' } },
      });
      await completes('narrow');
    }, 120_000);

    it('names the quota that leaves no room for any claim', async () => {
      const ref = { namespace: controlNamespace, name: 'claims' };
      await stage.client.patch(quotas, ref, {
        contentType: 'merge',
        body: { spec: { hard: { persistentvolumeclaims: '0' } } },
      });
      await begin('no-room');
      await eventually('it says what it waits for', async () =>
        (
          await uploadsOf('no-room')
        ).some(each =>
          /exceeded quota: claims/.test(each.status?.message ?? ''),
        ),
      );
      const { status } = await end('no-room').finally(() =>
        stage.client.delete(quotas, ref),
      );
      expect(status).toMatchObject({
        phase: 'PartiallyFailed',
        backupItemOperationsFailed: 3,
      });
      expect(JSON.stringify(results('no-room').errors)).toMatch(
        /exceeded quota: claims/,
      );
    }, 120_000);

    it('leaves out a claim that has no volume yet, and says why', async () => {
      await stage.data.makeClaim('shop', 'later', {
        storageClass: 'folders-wait',
      });
      await completes('pending');
      await stage.client.delete(coreTypes.persistentVolumeClaims, {
        namespace: 'shop',
        name: 'later',
      });
      expect(JSON.stringify(results('pending').warnings)).toMatch(
        /later.*not bound/,
      );
      expect(
        infos('pending').map(({ pvcName, skipped, result }) => [
          pvcName,
          skipped,
          result,
        ]),
      ).toEqual(
        expect.arrayContaining([
          ['data', false, 'succeeded'],
          ['web', false, 'succeeded'],
        ]),
      );
    }, 90_000);

    itAsRoot(
      'reads files of another user as root, and uploads nothing as a user who may not',
      async () => {
        const secret = path.join(application.folders.data, 'secret');
        writeFileSync(secret, 'of another uid range');
        chmodSync(secret, 0o600);
        chownSync(secret, 1_000_660_000, 1_000_660_000);
        await completes('others-files');
        await stage.data.createNamespace('others-files');
        const restore = await stage.restore('others-files', {
          backupName: 'others-files',
          namespaceMapping: { shop: 'others-files' },
        });
        expect(restore.status?.phase).toBe('Completed');
        const { uid = '' } = (await stage.data.get(
          coreTypes.pods,
          'others-files',
          'db',
        ))!.metadata;
        expect(uid).toBeTruthy();
        const restored = path.join(
          await stage.data.folderOf('others-files', 'db', 'data'),
          'secret',
        );
        expect(readFileSync(restored, 'utf8')).toBe('of another uid range');
        expect(
          execFileSync('stat', ['-c', '%u %g %a', restored], {
            encoding: 'utf8',
          }),
        ).toBe('1000660000 1000660000 600\n');
        await stage.removeNamespace('others-files');

        // A repository that belongs to the user of the movers to come.
        const folder = stage.data.repositories.newFolder('theirs');
        await stage.stage.createLocation('theirs', folder);
        await completes('as-root', { storageLocation: 'theirs' });
        chmodSync(stage.stage.folder, 0o711);
        execFileSync('chown', ['-R', '12345:12345', folder]);
        const before = await stage.data.repositories.snapshots(
          'shop',
          'theirs',
        );
        await stage.stage.restartEngine(
          {},
          {
            dataMover: { image: moverImage, runAsNonRoot: { user: 12_345 } },
          },
        );
        await begin('unreadable', { storageLocation: 'theirs' });
        const { status } = await end('unreadable');
        const uploads = await uploadsOf('unreadable');
        const [upload] = uploads.filter(
          ({ spec }) => spec.sourcePVC === 'data',
        );
        await stage.stage.restartEngine(
          {},
          { dataMover: { image: moverImage } },
        );
        rmSync(secret);
        expect(status?.phase).toBe('PartiallyFailed');
        expect(upload.status?.phase).toBe('Failed');
        expect(upload.status?.message).toMatch(
          /cannot be read by user 12345: .*secret.*Nothing was uploaded/,
        );
        expect(upload.status?.progress?.bytesDone ?? 0).toBe(0);
        const after = await stage.data.repositories.snapshots('shop', 'theirs');
        // The others have only files that everybody may read.
        expect(
          uploads.filter(each => each.status?.phase === 'Completed'),
        ).toHaveLength(2);
        expect(after).toHaveLength(before.length + 2);
      },
      180_000,
    );

    describe('canceled', () => {
      it('as a Backup that is InProgress', async () => {
        await stage.data.faults({ 'snapshot-create-delay-ms': '6000' });
        await begin('cancel-1');
        // The volume of the other pod comes first.
        await eventually('the application is frozen', () =>
          application.isFrozen(),
        ).finally(() =>
          stage.data.faults({ 'snapshot-create-delay-ms': null }),
        );
        await cancel(veleroTypes.backups, 'cancel-1');
        const { status } = await end('cancel-1');
        expect(application.isFrozen()).toBe(false);
        expect(status).toMatchObject(canceled);
        expect(stage.stage.files('backups', 'cancel-1')).toEqual([]);
      }, 90_000);

      it('as a Backup that is WaitingForPluginOperations', async () => {
        await begin('cancel-2');
        const pid = await holdMover('cancel-2');
        await backupPhase('cancel-2', 'WaitingForPluginOperations');
        await cancel(veleroTypes.backups, 'cancel-2');
        await eventually('its mover is told', async () =>
          (
            await uploadsOf('cancel-2')
          ).some(({ status }) => status?.phase === 'Canceling'),
        );
        process.kill(pid, 'SIGCONT');
        const { status } = await end('cancel-2');
        expect(status).toMatchObject(canceled);
        expect(stage.stage.files('backups', 'cancel-2')).toEqual([]);
      }, 90_000);

      itAsRoot(
        'as a Backup that is Finalizing, while storage is read-only',
        async () => {
          const { folder, remount } = await mountLocation('frozen', '200m');
          await begin('cancel-3', { storageLocation: 'frozen' });
          const pid = await holdMover('cancel-3');
          await backupPhase('cancel-3', 'WaitingForPluginOperations');
          await eventually('the mover is wanted', async () =>
            (
              await uploadsOf('cancel-3')
            ).every(({ status }) =>
              ['InProgress', 'Completed'].includes(status?.phase ?? ''),
            ),
          );
          stage.stage.engine.signal('SIGSTOP');
          process.kill(pid, 'SIGCONT');
          await eventually('the mover has ended', () => {
            try {
              return !process.kill(pid, 0);
            } catch {
              return true;
            }
          });
          remount('ro');
          stage.stage.engine.signal('SIGCONT');
          await backupPhase('cancel-3', 'Finalizing');
          await cancel(veleroTypes.backups, 'cancel-3');
          const { status } = await end('cancel-3');
          remount('rw');
          expect(status).toMatchObject(canceled);
          await eventually(
            'what it had written is removed',
            async () =>
              stage.stage.files('..', 'frozen', 'backups', 'cancel-3')
                .length === 0 && folder,
            90_000,
          );
        },
        180_000,
      );

      const into = (namespace: string) => ({
        backupName: 'source',
        namespaceMapping: { shop: namespace },
      });

      it('as a Restore that is InProgress', async () => {
        // A namespace that does not go is waited for.
        await stage.data.createNamespace('going');
        const keeper = { namespace: 'going', name: 'keeper' };
        await stage.client.create<KubernetesObject>(coreTypes.configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { ...keeper, finalizers: ['example.com/keep'] },
        });
        await stage.client.delete(coreTypes.namespaces, { name: 'going' });
        await stage.stage.createRestore('cancel-1', into('going'));
        await restorePhase('cancel-1', 'InProgress');
        await cancel(veleroTypes.restores, 'cancel-1');
        const { status } = await stage.stage.restoreEnd('cancel-1');
        await stage.client.patch(coreTypes.configMaps, keeper, {
          contentType: 'merge',
          body: { metadata: { finalizers: null } },
        });
        expect(status).toMatchObject(canceled);
      }, 90_000);

      it('as a Restore that is WaitingForPluginOperations', async () => {
        await stage.data.createNamespace('waiting');
        await stage.data.faults({ 'provision-delay-ms': '60000' });
        await stage.stage.createRestore('cancel-2', into('waiting'));
        await restorePhase('cancel-2', 'WaitingForPluginOperations');
        await cancel(veleroTypes.restores, 'cancel-2');
        const { status } = await stage.stage.restoreEnd('cancel-2');
        await stage.data.faults({ 'provision-delay-ms': null });
        expect(status).toMatchObject(canceled);
        await stage.removeNamespace('waiting');
      }, 90_000);

      it('as a Restore that is Finalizing', async () => {
        const hook = (command: string | null) =>
          stage.client.patch(
            coreTypes.pods,
            { namespace: 'shop', name: 'db' },
            {
              contentType: 'merge',
              body: {
                metadata: {
                  annotations: {
                    'post.hook.restore.velero.io/command': command,
                    'post.hook.restore.velero.io/exec-timeout':
                      command && '10m',
                  },
                },
              },
            },
          );
        await hook(JSON.stringify(['sleep', '600']));
        await completes('slow-hook');
        await hook(null);
        await stage.data.createNamespace('finalizing', {
          labels: { 'lifeboat.dev/hooks': 'enabled' },
        });
        await stage.stage.createRestore('cancel-3', {
          ...into('finalizing'),
          backupName: 'slow-hook',
        });
        await restorePhase('cancel-3', 'Finalizing');
        const began = Date.now();
        await cancel(veleroTypes.restores, 'cancel-3');
        const { status } = await stage.stage.restoreEnd('cancel-3');
        expect(status).toMatchObject(canceled);
        expect(Date.now() - began).toBeLessThan(20_000);
        await stage.removeNamespace('finalizing');
      }, 120_000);
    });
  });
}
