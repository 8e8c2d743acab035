import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunningApiServer, startApiServer } from '../api-server/startApiServer';
import { KubeClient } from './api/KubeClient';
import { Resource, types } from './api/Resource';
import { Claim, Volume } from './controllers/volumes';
import { Pod } from './controllers/Workload';
import { RunningNode, startNode } from './index';
import {
  snapshotMarks,
  VolumeSnapshot,
  VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from './snapshots/snapshotTypes';

jest.setTimeout(60_000);

/** Does what its arguments say: write FILE TEXT | copy FROM TO | tick FILE | fail CODE. */
const program = `
const fs = require('fs');
const [verb, first, second] = process.argv.slice(2);
if (verb === 'write') fs.writeFileSync(first, second);
if (verb === 'copy') fs.copyFileSync(first, second);
if (verb === 'fail') { fs.writeFileSync(process.env.LAST_WORDS, 'because'); process.exit(Number(first)); }
const put = (file, text) => { fs.writeFileSync(file + '.new', text); fs.renameSync(file + '.new', file); };
if (verb === 'tick') { let n = 0; setInterval(() => { n += 1; put(first + '/a', String(n)); put(first + '/b', String(n)); }, 1); }
`;

const folder = mkdtempSync(join(tmpdir(), 'dev-storage-'));
const stop = new AbortController();
const lines: string[] = [];
let server: RunningApiServer;
let node: RunningNode;
let client: KubeClient;
const n = 'storage';

async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) {
      throw new Error(`in vain: ${what}\n${lines.join('\n')}`);
    }
    await sleep(30);
  }
}

const claim = (name: string, spec: object = {}) =>
  client.create<Claim>(types.persistentVolumeClaims, n, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
  });

const fromSnapshot = (name: string) => ({
  dataSource: {
    apiGroup: 'snapshot.storage.k8s.io',
    kind: 'VolumeSnapshot',
    name,
  },
});

const snapshot = (name: string, source: object, spec: object = {}) =>
  client.create<VolumeSnapshot>(volumeSnapshots, n, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: { source, ...spec },
  });

const ready = (name: string) =>
  eventually(`snapshot ${name} is ready`, async () => {
    const now = await client.find<VolumeSnapshot>(volumeSnapshots, n, name);
    return now?.status?.readyToUse === true && now;
  });

const bound = (name: string) =>
  eventually(`claim ${name} is bound`, async () => {
    const now = await client.find<Claim>(types.persistentVolumeClaims, n, name);
    return now?.status?.phase === 'Bound' && now;
  });

async function run(
  name: string,
  args: string[],
  claimName: string,
  spec: object = {},
  container: object = {},
): Promise<void> {
  await client.create(types.pods, n, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'c',
          image: 'test/tool:1',
          args,
          env: [{ name: 'LAST_WORDS', value: '/dev/termination-log' }],
          volumeMounts: [{ name: 'data', mountPath: '/volume' }],
          ...container,
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
      ...spec,
    },
  });
}

const phase = (name: string, ...phases: string[]) =>
  eventually(`pod ${name} is ${phases}`, async () => {
    const now = await client.find<Pod>(types.pods, n, name);
    return phases.includes(now?.status?.phase ?? '') && now;
  });

const driverSnapshots = async () => {
  const map = await client.get<Resource & { data?: Record<string, string> }>(
    types.configMaps,
    'kube-system',
    'dev-cluster-driver',
  );
  return Object.keys(map.data ?? {});
};

async function faults(data: Record<string, string>): Promise<void> {
  const name = 'dev-cluster-faults';
  const known = await client.find(types.configMaps, 'kube-system', name);
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'kube-system' },
    data,
  };
  if (known) await client.replace(types.configMaps, map);
  else await client.create(types.configMaps, 'kube-system', map);
  await sleep(100);
}

const folderOf = (volume: string) => join(folder, 'volumes/claims', volume);

beforeAll(async () => {
  server = await startApiServer({ port: 0 });
  const kubeconfigFile = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigFile, server.kubeconfig);
  writeFileSync(join(folder, 'program.cjs'), program);
  const runtimesFile = join(folder, 'runtimes.json');
  writeFileSync(
    runtimesFile,
    JSON.stringify({
      images: {
        'test/tool': { command: ['{node}', join(folder, 'program.cjs')] },
      },
    }),
  );
  client = await KubeClient.fromKubeconfig(kubeconfigFile);
  mkdirSync(join(folder, 'volumes'));
  node = await startNode({
    kubeconfigFile,
    runtimesFile,
    volumesDirectory: join(folder, 'volumes'),
    kubeletToken: server.kubeletToken,
    signal: stop.signal,
    log: line => lines.push(line),
  });
  await client.create(types.namespaces, undefined, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: n },
  });
  await eventually('the default service account', () =>
    client.find(types.serviceAccounts, n, 'default'),
  );
});

afterAll(async () => {
  await node?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await faults({});
});

it('takes a snapshot, makes a claim of it, and a pod reads it under its own path and leaves a message', async () => {
  await claim('source');
  await run('writer', ['write', '/volume/hello', 'good day'], 'source');
  await phase('writer', 'Succeeded');
  const asked = await snapshot('first', {
    persistentVolumeClaimName: 'source',
  });
  const taken = await ready('first');
  expect(taken.spec?.volumeSnapshotClassName).toBe('folders');
  expect(taken.status).toMatchObject({
    boundVolumeSnapshotContentName: `snapcontent-${asked.metadata.uid}`,
    restoreSize: '1Gi',
  });
  await eventually('finalizers', async () => {
    const now = await client.get(volumeSnapshots, n, 'first');
    return now.metadata.finalizers?.length === 2;
  });
  const content = await client.get<VolumeSnapshotContent>(
    volumeSnapshotContents,
    undefined,
    `snapcontent-${asked.metadata.uid}`,
  );
  expect(content.metadata.finalizers).toEqual([snapshotMarks.contentBound]);
  expect(content.spec).toMatchObject({
    deletionPolicy: 'Delete',
    sourceVolumeMode: 'Filesystem',
    volumeSnapshotRef: { uid: asked.metadata.uid, kind: 'VolumeSnapshot' },
  });
  expect(content.status).toMatchObject({
    readyToUse: true,
    restoreSize: 2 ** 30,
    snapshotHandle: expect.stringMatching(/^snap-/),
  });
  await claim('copy', fromSnapshot('first'));
  await run(
    'reader',
    ['copy', '/volume/hello', '/dev/termination-log'],
    'copy',
  );
  const pod = await phase('reader', 'Succeeded', 'Failed');
  expect(pod.status?.containerStatuses?.[0].state.terminated).toMatchObject({
    exitCode: 0,
    message: 'good day',
  });
  await run('unlucky', ['fail', '7'], 'copy');
  const unlucky = await phase('unlucky', 'Failed');
  expect(unlucky.status?.containerStatuses?.[0].state.terminated).toMatchObject(
    {
      exitCode: 7,
      reason: 'Error',
      message: 'because',
    },
  );
  await client.delete(volumeSnapshots, n, 'first');
  await eventually(
    'the end of snapshot, content and data',
    async () =>
      !(await client.find(volumeSnapshots, n, 'first')) &&
      !(await client.find(
        volumeSnapshotContents,
        undefined,
        content.metadata.name,
      )) &&
      (await driverSnapshots()).length === 0,
  );
});

it('hands a snapshot over to another pair as a data mover does, and nothing is left', async () => {
  await claim('moved');
  const { metadata } = await snapshot('ours', {
    persistentVolumeClaimName: 'moved',
  });
  const taken = await ready('ours');
  const name = taken.status?.boundVolumeSnapshotContentName ?? '';
  const patchPolicy = (content: string, deletionPolicy: string) =>
    client.patch(volumeSnapshotContents, undefined, content, {
      spec: { deletionPolicy },
    });
  await patchPolicy(name, 'Retain');
  const { status } = await client.get<VolumeSnapshotContent>(
    volumeSnapshotContents,
    undefined,
    name,
  );
  await client.create(volumeSnapshotContents, undefined, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'handed' },
    spec: {
      deletionPolicy: 'Retain',
      driver: 'folders.dev-cluster.lifeboat.dev',
      source: { snapshotHandle: status?.snapshotHandle },
      volumeSnapshotRef: { name: 'handed', namespace: n },
    },
  });
  await snapshot('handed', { volumeSnapshotContentName: 'handed' });
  await ready('handed');
  await client.delete(volumeSnapshots, n, 'ours');
  await client.delete(volumeSnapshotContents, undefined, name);
  await eventually(
    'the end of the first pair',
    async () =>
      !(await client.find(volumeSnapshots, n, 'ours')) &&
      !(await client.find(volumeSnapshotContents, undefined, name)),
  );
  expect(metadata.uid).toBeDefined();
  expect(await driverSnapshots()).toEqual([status?.snapshotHandle]);
  await patchPolicy('handed', 'Delete');
  await claim('temporary', fromSnapshot('handed'));
  await bound('temporary');
  await client.delete(volumeSnapshots, n, 'handed');
  await eventually(
    'the end of the snapshot',
    async () =>
      (await driverSnapshots()).length === 0 &&
      !(await client.find(volumeSnapshotContents, undefined, 'handed')),
  );
});

it('hands a volume over to a waiting claim: Retain, Released, Available, Bound', async () => {
  const temporary = await claim('filled');
  const { spec } = await bound('filled');
  const name = spec?.volumeName ?? '';
  writeFileSync(join(folderOf(name), 'data'), 'kept');
  const label = { 'velero.io/dynamic-pv-restore': 'storage.target.abcde' };
  await claim('target', { selector: { matchLabels: label } });
  await client.patch(types.persistentVolumes, undefined, name, {
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
  await client.delete(types.persistentVolumeClaims, n, 'filled');
  const volumePhase = (wanted: string) =>
    eventually(`volume ${wanted}`, async () => {
      const now = await client.get<Volume>(
        types.persistentVolumes,
        undefined,
        name,
      );
      return now.status?.phase === wanted && now;
    });
  await volumePhase('Released');
  await client.patch(types.persistentVolumeClaims, n, 'target', {
    spec: { volumeName: name },
  });
  await client.patch(types.persistentVolumes, undefined, name, {
    metadata: { labels: label },
    spec: {
      claimRef: {
        namespace: n,
        name: 'target',
        uid: null,
        resourceVersion: null,
      },
    },
  });
  const target = await bound('target');
  expect(target.spec?.volumeName).toBe(name);
  const volume = await volumePhase('Bound');
  expect(volume.spec?.claimRef?.uid).toBe(target.metadata.uid);
  expect(volume.spec?.claimRef?.uid).not.toBe(temporary.metadata.uid);
  expect(readFileSync(join(folderOf(name), 'data'), 'utf8')).toBe('kept');
  await client.patch(types.persistentVolumes, undefined, name, {
    spec: { persistentVolumeReclaimPolicy: 'Delete' },
  });
  await client.delete(types.persistentVolumeClaims, n, 'target');
  await eventually(
    'the end of the volume',
    async () => !(await client.find(types.persistentVolumes, undefined, name)),
  );
});

it('says in status.error what goes wrong, and goes on when it is over', async () => {
  await claim('troubled');
  await bound('troubled');
  await faults({ 'snapshot-error': 'pool is full' });
  await snapshot('troubled', { persistentVolumeClaimName: 'troubled' });
  const failing = await eventually('the error', async () => {
    const now = await client.get<VolumeSnapshot>(
      volumeSnapshots,
      n,
      'troubled',
    );
    return now.status?.error && now;
  });
  expect(failing.status).toMatchObject({
    readyToUse: false,
    error: { message: expect.stringContaining('pool is full') },
  });
  await faults({ 'snapshot-never-ready': 'true' });
  await eventually('a creation time', async () => {
    const now = await client.get<VolumeSnapshot>(
      volumeSnapshots,
      n,
      'troubled',
    );
    return now.status?.creationTime && !now.status.error && now;
  });
  await faults({});
  await ready('troubled');
  await client.delete(volumeSnapshots, n, 'troubled');
});

it('shows one moment of a volume that is written to', async () => {
  await claim('busy');
  await run('ticker', ['tick', '/volume'], 'busy');
  await phase('ticker', 'Running');
  const volume = (await bound('busy')).spec?.volumeName ?? '';
  const read = (path: string, file: string) =>
    Number(readFileSync(join(path, file), 'utf8').trim() || NaN);
  await eventually('ticks', async () => {
    try {
      return read(folderOf(volume), 'b') > 3;
    } catch {
      return false;
    }
  });
  await snapshot('moment', { persistentVolumeClaimName: 'busy' });
  await ready('moment');
  await claim('moment', fromSnapshot('moment'));
  const copy = (await bound('moment')).spec?.volumeName ?? '';
  const [a, b] = ['a', 'b'].map(file => read(folderOf(copy), file));
  expect(Math.abs(a - b)).toBeLessThanOrEqual(1);
  const before = read(folderOf(volume), 'b');
  await eventually(
    'more ticks',
    async () => read(folderOf(volume), 'b') > before,
  );
  await client.delete(types.pods, n, 'ticker');
  await client.delete(volumeSnapshots, n, 'moment');
});
