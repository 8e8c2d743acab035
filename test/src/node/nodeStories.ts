import {
  coreTypes,
  createClusterClient,
  snapshotTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import { ensureNamespace } from '../cluster/ensureNamespace';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import { execIn } from './execIn';

/** The image of the stories' pods: `node -e` with the pod's arguments. */
export const toolImage = 'registry.example.com/tool:1';

/** What runtimes file the cluster needs. */
export const toolRuntimes = {
  images: { [toolImage]: { command: ['{node}', '-e'] } },
};

interface Live extends KubernetesObject {
  spec?: { [field: string]: any };
  status?: { [field: string]: any };
}

const namespace = 'node-stories';
const write = 'fs.writeFileSync(process.argv[1], process.argv[2])';
const wait =
  'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000)';
const say = 'fs.copyFileSync(process.argv[1], process.argv[2])';

/** Stories of the embedded cluster's node, beside any API server. */
export function nodeStories(
  where: string,
  start: () => Promise<RunningCluster>,
): void {
  describe(`the node beside ${where}`, () => {
    let cluster: RunningCluster;
    let client: ClusterClient;
    let baseline: ClusterBaseline;

    const volume = (name: string) => ({
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
    });
    const run = (name: string, args: string[], claim: string) =>
      client.create<Live>(coreTypes.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'main',
              image: toolImage,
              args,
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
          ...volume(claim),
        },
      });
    const podIs = (name: string, phase: string) =>
      eventually(`${name} is ${phase}`, async () => {
        const pod = await client.get<Live>(coreTypes.pods, { namespace, name });
        return pod?.status?.phase === phase && pod;
      });
    const claim = (name: string, spec: object = {}) =>
      client.create<Live>(coreTypes.persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '10Mi' } },
          ...spec,
        },
      });
    const snapshotReady = (name: string) =>
      eventually(`snapshot ${name} is ready`, async () => {
        const found = await client.get<Live>(snapshotTypes.volumeSnapshots, {
          namespace,
          name,
        });
        return found?.status?.readyToUse === true && found;
      });

    beforeAll(async () => {
      cluster = await start();
      client = createClusterClient({
        name: 'stories',
        kubeconfig: cluster.kubeconfig,
      });
      await ensureNamespace(client, namespace);
      await eventually('a service account', () =>
        client.get(coreTypes.serviceAccounts, { namespace, name: 'default' }),
      );
      baseline = await takeBaseline(cluster.kubeconfig);
    });

    afterAll(() => cluster?.stop());

    it('keeps data from a pod over a snapshot and a claim to another pod', async () => {
      await claim('origin', { storageClassName: 'folders' });
      await run('writer', [write, '/data/file', 'kept'], 'origin');
      await podIs('writer', 'Succeeded');
      await client.create<Live>(snapshotTypes.volumeSnapshots, {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshot',
        metadata: { name: 'story', namespace },
        spec: {
          volumeSnapshotClassName: 'folders',
          source: { persistentVolumeClaimName: 'origin' },
        },
      });
      const { status } = await snapshotReady('story');
      expect(status).toMatchObject({
        restoreSize: '10Mi',
        creationTime: expect.any(String),
      });
      await claim('copy', {
        dataSource: {
          apiGroup: 'snapshot.storage.k8s.io',
          kind: 'VolumeSnapshot',
          name: 'story',
        },
      });
      await run('reader', [say, '/data/file', '/dev/termination-log'], 'copy');
      const reader = await podIs('reader', 'Succeeded');
      expect(reader.status?.containerStatuses[0].state.terminated.message).toBe(
        'kept',
      );
    });

    it('runs commands in containers, and tells how they ended', async () => {
      await run('server', [wait], 'origin');
      await podIs('server', 'Running');
      const pod = { namespace, name: 'server', container: 'main' };
      const shell = (script: string) =>
        execIn(cluster.kubeconfig, pod, ['sh', '-c', script]);
      const said = await shell(
        'cat ${LIFEBOAT_POD_ROOT}/data/file; echo trouble >&2',
      );
      expect(said).toMatchObject({ stdout: 'kept', stderr: 'trouble\n' });
      expect(JSON.parse(said.status)).toMatchObject({ status: 'Success' });
      const failed = JSON.parse((await shell('exit 7')).status);
      expect(failed).toMatchObject({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '7' }] },
      });
    });

    it('refuses claims above the quota of a namespace, and counts what is used', async () => {
      const quotas = {
        group: '',
        version: 'v1',
        resource: 'resourcequotas',
        namespaced: true,
      };
      const name = 'storage';
      await client.create<Live>(quotas, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name, namespace },
        spec: {
          hard: { persistentvolumeclaims: '3', 'requests.storage': '25Mi' },
        },
      });
      await eventually('the used amounts', async () => {
        const quota = await client.get<Live>(quotas, { namespace, name });
        return quota?.status?.used?.['requests.storage'] === '20Mi';
      });
      const refused = await eventually('a refusal', () =>
        claim('above').then(
          () =>
            client
              .delete(coreTypes.persistentVolumeClaims, {
                namespace,
                name: 'above',
              })
              .then(() => undefined),
          (error: Error) => error,
        ),
      );
      expect(refused.message).toMatch(
        /exceeded quota: storage, requested: requests.storage=10Mi, used: requests.storage=\w+, limited: requests.storage=25Mi/,
      );
      await client.delete(quotas, { namespace, name });
    });

    it('finds what is left, and nothing once it is removed', async () => {
      const before = await findLeaks(cluster.kubeconfig, baseline, {
        timeoutMs: 0,
      });
      expect(before.map(key => key.replace(/(pvc|snap\w*)-.*/, '$1'))).toEqual([
        'PersistentVolume pvc',
        'PersistentVolume pvc',
        `PersistentVolumeClaim ${namespace}/copy`,
        `PersistentVolumeClaim ${namespace}/origin`,
        `Pod ${namespace}/reader`,
        `Pod ${namespace}/server`,
        `Pod ${namespace}/writer`,
        `VolumeSnapshot ${namespace}/story`,
        'VolumeSnapshotContent snapcontent',
        'snapshot snap',
      ]);
      expect(
        await findLeaks(client, baseline, {
          namespaces: [namespace],
          timeoutMs: 0,
        }),
      ).toHaveLength(3);
      for (const name of ['writer', 'reader', 'server']) {
        await client.delete(coreTypes.pods, { namespace, name });
      }
      for (const name of ['origin', 'copy']) {
        await client.delete(coreTypes.persistentVolumeClaims, {
          namespace,
          name,
        });
      }
      await client.delete(snapshotTypes.volumeSnapshots, {
        namespace,
        name: 'story',
      });
      expect(await findLeaks(client, baseline)).toEqual([]);
    });
  });
}
