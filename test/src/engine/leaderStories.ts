import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  coreTypes,
  createClusterClient,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  isTerminalBackupPhase,
  type Backup,
  type BackupStorageLocation,
  type Schedule,
} from '@lifeboat/velero-api';
import { ensureNamespace } from '../cluster/ensureNamespace';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startEngine, type RunningEngine } from '../cluster/startEngine';
import {
  startRecordingProxy,
  type RecordingProxy,
} from '../cluster/startRecordingProxy';

const namespace = 'openshift-adp';
const takeOverMs = 20_000;

/* eslint-disable jest/no-export -- the same stories run on several clusters */

/** Two engines on one cluster, of which the leader is killed, or stopped past its lease and woken. */
export function leaderStories(
  name: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`two engines on ${name}`, () => {
    let cluster: RunningCluster;
    let client: ClusterClient & { close(): void };
    let folder: string;
    let proxy: RecordingProxy;
    let engines: RunningEngine[] = [];

    beforeEach(async () => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-leader-'));
      cluster = await start();
      client = createClusterClient({
        name: 'test',
        kubeconfig: cluster.kubeconfig,
      });
      for (const each of [namespace, 'shop']) {
        await ensureNamespace(client, each);
      }
      await cluster.serve?.('shop');
      await client.create<KubernetesObject>(coreTypes.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'shop', name: 'settings' },
        data: { colour: 'blue' },
      });
      const engineKubeconfig = cluster.engineKubeconfig ?? cluster.kubeconfig;
      proxy = await startRecordingProxy(engineKubeconfig);
      // The first goes through the proxy: all it asks of the API is recorded.
      const first = startEngine({
        clusters: [{ name: 'test', url: proxy.url, token: proxy.token }],
        validationSeconds: 3600,
        sync: { periodSeconds: 3600 },
      });
      engines = [first];
      await first.untilState('leading', 'test', 60_000);
      const second = startEngine({
        clusters: [{ name: 'test', kubeconfig: engineKubeconfig }],
        validationSeconds: 3600,
        sync: { periodSeconds: 3600 },
      });
      engines.push(second);
      await second.untilState('standby', 'test', 60_000);
      await client.create<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        {
          apiVersion: 'velero.io/v1',
          kind: 'BackupStorageLocation',
          metadata: { namespace, name: 'default' },
          spec: {
            provider: 'lifeboat.dev/filesystem',
            config: { path: folder },
            objectStorage: { bucket: 'folder' },
            default: true,
          },
        },
      );
      await eventually('the location is Available', async () => {
        const location = await client.get<BackupStorageLocation>(
          veleroTypes.backupStorageLocations,
          { namespace, name: 'default' },
        );
        return location?.status?.phase === 'Available';
      });
    }, 180_000);

    afterEach(async () => {
      proxy?.release();
      for (const engine of engines) {
        engine.signal('SIGCONT');
        await engine.stop();
      }
      await proxy?.stop();
      client?.close();
      await cluster?.stop();
      rmSync(folder, { recursive: true, force: true });
    }, 60_000);

    function getBackup(backup: string) {
      return client.get<Backup>(veleroTypes.backups, {
        namespace,
        name: backup,
      });
    }

    async function createBackup(backup: string): Promise<void> {
      await client.create<Backup>(veleroTypes.backups, {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { namespace, name: backup },
        spec: { includedNamespaces: ['shop'], snapshotVolumes: false },
      });
    }

    /** The leader is in the middle of a backup: one of its lists does not come back. */
    async function stopInTheMiddle(): Promise<void> {
      mkdirSync(path.join(folder, 'backups'), { recursive: true });
      proxy.hold(
        ({ method, path: requested }) =>
          method === 'GET' &&
          requested.startsWith('/api/v1/') &&
          /\/configmaps(\/|\?|$)/.test(requested),
      );
      await createBackup('interrupted');
      await eventually(
        'the leader waits in the middle of the backup',
        async () =>
          (await getBackup('interrupted'))?.status?.phase === 'InProgress' &&
          proxy.held() > 0,
      );
    }

    async function expectTakeOver(since: number): Promise<void> {
      await engines[1].untilState('leading', 'test', takeOverMs);
      const ended = await eventually(
        'the interrupted backup has a truthful end',
        async () => {
          const backup = await getBackup('interrupted');
          return isTerminalBackupPhase(backup?.status?.phase) && backup;
        },
        Math.max(1_000, since + takeOverMs - Date.now()),
      );
      expect(ended.status?.phase).toBe('Failed');
      expect(ended.status?.failureReason).toBeTruthy();
      await createBackup('next');
      await eventually(
        'the next backup is Completed',
        async () => (await getBackup('next'))?.status?.phase === 'Completed',
      );
    }

    it('go on when the leader is killed', async () => {
      await client.create<Schedule>(veleroTypes.schedules, {
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        metadata: { namespace, name: 'hourly' },
        spec: {
          schedule: '@every 1h',
          template: { includedNamespaces: ['shop'], snapshotVolumes: false },
        },
      });
      await stopInTheMiddle();
      const killed = Date.now();
      engines[0].signal('SIGKILL');
      await expectTakeOver(killed);
      const names: string[] = [];
      for await (const backup of client.list<Backup>(veleroTypes.backups, {
        namespace,
      })) {
        names.push(backup.metadata.name ?? '');
      }
      expect(names.sort()).toEqual(['interrupted', 'next']);
    }, 120_000);

    it('write nothing after being stopped past the lease and woken', async () => {
      await stopInTheMiddle();
      const stopped = Date.now();
      engines[0].signal('SIGSTOP');
      await expectTakeOver(stopped);

      const files = tree(folder);
      const versions = await versionsOf(client);
      const before = proxy.requests.length;
      const woken = Date.now();
      proxy.release();
      engines[0].signal('SIGCONT');
      await engines[0].untilState('standby', 'test', 30_000);
      await delay(8_000);

      const writes = proxy.requests
        .slice(before)
        .filter(({ method, at }) => method !== 'GET' && at >= woken);
      expect(writes).toEqual([]);
      expect(tree(folder)).toEqual(files);
      expect(await versionsOf(client)).toEqual(versions);
    }, 120_000);
  });
}

/** Every object with its size and time; half-written files are none. */
function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => !path.basename(name).startsWith('.lifeboat-partial-'))
    .map(name => {
      const facts = lstatSync(path.join(folder, name));
      return facts.isFile()
        ? `${name} ${facts.size} ${facts.mtimeMs}`
        : `${name}/`;
    })
    .sort();
}

async function versionsOf(client: ClusterClient): Promise<string[]> {
  const versions: string[] = [];
  for (const type of [
    veleroTypes.backups,
    veleroTypes.backupStorageLocations,
    veleroTypes.schedules,
    coreTypes.secrets,
  ]) {
    for await (const object of client.list(type, { namespace })) {
      versions.push(
        `${object.kind} ${object.metadata.name} ${object.metadata.resourceVersion}`,
      );
    }
  }
  return versions.sort();
}
