import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { types } from './api/Resource';
import { Volume } from './controllers/volumes';
import {
  snapshotMarks,
  VolumeSnapshot,
  VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from './snapshots/snapshotTypes';
import { NodeStage } from './__testUtils__/NodeStage';

jest.setTimeout(60_000);

const stage = new NodeStage();
const n = stage.namespace;
const folderOf = (volume: string) =>
  join(stage.folder, 'volumes/claims', volume);

const fromSnapshot = (name: string) => ({
  dataSource: {
    apiGroup: 'snapshot.storage.k8s.io',
    kind: 'VolumeSnapshot',
    name,
  },
});

beforeAll(() => stage.start());
afterAll(() => stage.stop());
afterEach(() => stage.faults({}));

it('takes a snapshot, makes a claim of it, and a pod reads it under its own path and leaves a message', async () => {
  await stage.claim('source');
  await stage.run('writer', ['write', '/volume/hello', 'good day'], 'source');
  await stage.podIs('writer', 'Succeeded');
  const asked = await stage.snapshot('first', {
    persistentVolumeClaimName: 'source',
  });
  const taken = await stage.ready('first');
  expect(taken.spec?.volumeSnapshotClassName).toBe('folders');
  expect(taken.status).toMatchObject({
    boundVolumeSnapshotContentName: `snapcontent-${asked.metadata.uid}`,
    restoreSize: '1Gi',
  });
  await stage.eventually('finalizers', async () => {
    const now = await stage.client.get(volumeSnapshots, n, 'first');
    return now.metadata.finalizers?.length === 2;
  });
  const content = await stage.client.get<VolumeSnapshotContent>(
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
  await stage.claim('copy', fromSnapshot('first'));
  await stage.run(
    'reader',
    ['copy', '/volume/hello', '/dev/termination-log'],
    'copy',
  );
  const pod = await stage.podIs('reader', 'Succeeded', 'Failed');
  expect(pod.status?.containerStatuses?.[0].state.terminated).toMatchObject({
    exitCode: 0,
    message: 'good day',
  });
  await stage.run('unlucky', ['fail', '7'], 'copy');
  const unlucky = await stage.podIs('unlucky', 'Failed');
  expect(unlucky.status?.containerStatuses?.[0].state.terminated).toMatchObject(
    {
      exitCode: 7,
      reason: 'Error',
      message: 'because',
    },
  );
  await stage.client.delete(volumeSnapshots, n, 'first');
  await stage.eventually(
    'the end of snapshot, content and data',
    async () =>
      !(await stage.client.find(volumeSnapshots, n, 'first')) &&
      !(await stage.client.find(
        volumeSnapshotContents,
        undefined,
        content.metadata.name,
      )) &&
      (await stage.driverSnapshots()).length === 0,
  );
});

it('hands a snapshot over to another pair as a data mover does, and nothing is left', async () => {
  await stage.claim('moved');
  const { metadata } = await stage.snapshot('ours', {
    persistentVolumeClaimName: 'moved',
  });
  const taken = await stage.ready('ours');
  const name = taken.status?.boundVolumeSnapshotContentName ?? '';
  const patchPolicy = (content: string, deletionPolicy: string) =>
    stage.client.patch(volumeSnapshotContents, undefined, content, {
      spec: { deletionPolicy },
    });
  await patchPolicy(name, 'Retain');
  const { status } = await stage.client.get<VolumeSnapshotContent>(
    volumeSnapshotContents,
    undefined,
    name,
  );
  await stage.client.create(volumeSnapshotContents, undefined, {
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
  await stage.snapshot('handed', { volumeSnapshotContentName: 'handed' });
  await stage.ready('handed');
  await stage.client.delete(volumeSnapshots, n, 'ours');
  await stage.client.delete(volumeSnapshotContents, undefined, name);
  await stage.eventually(
    'the end of the first pair',
    async () =>
      !(await stage.client.find(volumeSnapshots, n, 'ours')) &&
      !(await stage.client.find(volumeSnapshotContents, undefined, name)),
  );
  expect(metadata.uid).toBeDefined();
  expect(await stage.driverSnapshots()).toEqual([status?.snapshotHandle]);
  await patchPolicy('handed', 'Delete');
  await stage.claim('temporary', fromSnapshot('handed'));
  await stage.bound('temporary');
  await stage.client.delete(volumeSnapshots, n, 'handed');
  await stage.eventually(
    'the end of the snapshot',
    async () =>
      (await stage.driverSnapshots()).length === 0 &&
      !(await stage.client.find(volumeSnapshotContents, undefined, 'handed')),
  );
});

it('deletes a snapshot by a content that was never bound', async () => {
  await stage.claim('kept');
  await stage.snapshot('kept', { persistentVolumeClaimName: 'kept' });
  const { status } = await stage.ready('kept');
  const name = status?.boundVolumeSnapshotContentName ?? '';
  const content = await stage.client.patch<VolumeSnapshotContent>(
    volumeSnapshotContents,
    undefined,
    name,
    { spec: { deletionPolicy: 'Retain' } },
  );
  await stage.client.delete(volumeSnapshots, n, 'kept');
  await stage.client.delete(volumeSnapshotContents, undefined, name);
  await stage.eventually(
    'the end of the content',
    async () =>
      !(await stage.client.find(volumeSnapshotContents, undefined, name)),
  );
  const { driver, source } = content.spec ?? {};
  expect(source).not.toHaveProperty('snapshotHandle');
  const { snapshotHandle } = content.status ?? {};
  expect(await stage.driverSnapshots()).toContain(snapshotHandle);
  await stage.client.create(volumeSnapshotContents, undefined, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'broom', finalizers: [snapshotMarks.contentBound] },
    spec: {
      deletionPolicy: 'Delete',
      driver,
      source: { snapshotHandle },
      volumeSnapshotRef: { name: 'never', namespace: n },
    },
  });
  await stage.client.delete(volumeSnapshotContents, undefined, 'broom');
  await stage.eventually(
    'the end of the snapshot',
    async () =>
      (await stage.driverSnapshots()).length === 0 &&
      !(await stage.client.find(volumeSnapshotContents, undefined, 'broom')),
  );
});

it('hands a volume over to a waiting claim: Retain, Released, Available, Bound', async () => {
  const temporary = await stage.claim('filled');
  const { spec } = await stage.bound('filled');
  const name = spec?.volumeName ?? '';
  writeFileSync(join(folderOf(name), 'data'), 'kept');
  const label = { 'velero.io/dynamic-pv-restore': 'storage.target.abcde' };
  await stage.claim('target', { selector: { matchLabels: label } });
  await stage.client.patch(types.persistentVolumes, undefined, name, {
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
  await stage.client.delete(types.persistentVolumeClaims, n, 'filled');
  const volumePhase = (wanted: string) =>
    stage.eventually(`volume ${wanted}`, async () => {
      const now = await stage.client.get<Volume>(
        types.persistentVolumes,
        undefined,
        name,
      );
      return now.status?.phase === wanted && now;
    });
  await volumePhase('Released');
  await stage.client.patch(types.persistentVolumeClaims, n, 'target', {
    spec: { volumeName: name },
  });
  await stage.client.patch(types.persistentVolumes, undefined, name, {
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
  const target = await stage.bound('target');
  expect(target.spec?.volumeName).toBe(name);
  const volume = await volumePhase('Bound');
  expect(volume.spec?.claimRef?.uid).toBe(target.metadata.uid);
  expect(volume.spec?.claimRef?.uid).not.toBe(temporary.metadata.uid);
  expect(readFileSync(join(folderOf(name), 'data'), 'utf8')).toBe('kept');
  await stage.client.patch(types.persistentVolumes, undefined, name, {
    spec: { persistentVolumeReclaimPolicy: 'Delete' },
  });
  await stage.client.delete(types.persistentVolumeClaims, n, 'target');
  await stage.eventually(
    'the end of the volume',
    async () =>
      !(await stage.client.find(types.persistentVolumes, undefined, name)),
  );
});

it('removes a volume whose claim went before it could be bound', async () => {
  const claim = await stage.claim('fleeting', {
    resources: { requests: { storage: '2Gi' } },
    storageClassName: 'no-such-class',
  });
  const name = `pvc-${claim.metadata.uid}`;
  await stage.client.create(types.persistentVolumes, undefined, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: {
        'pv.kubernetes.io/provisioned-by': 'folders.dev-cluster.lifeboat.dev',
      },
    },
    spec: {
      // Too small for the claim, so that it stays unbound as long as the claim is there.
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'no-such-class',
      csi: { driver: 'folders.dev-cluster.lifeboat.dev', volumeHandle: name },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: n,
        name: 'fleeting',
        uid: claim.metadata.uid,
      },
    },
  });
  await stage.eventually('the finalizer of the driver', async () => {
    const now = await stage.client.get<Volume>(
      types.persistentVolumes,
      undefined,
      name,
    );
    return (now.metadata.finalizers?.length ?? 0) > 0;
  });
  await stage.client.delete(types.persistentVolumeClaims, n, 'fleeting');
  const isGone = await stage.eventually(
    'the end of the volume',
    async () =>
      !(await stage.client.find(types.persistentVolumes, undefined, name)),
  );
  expect(isGone).toBe(true);
});

it('says in status.error what goes wrong, and goes on when it is over', async () => {
  await stage.claim('troubled');
  await stage.bound('troubled');
  await stage.faults({ 'snapshot-error': 'pool is full' });
  await stage.snapshot('troubled', { persistentVolumeClaimName: 'troubled' });
  const failing = await stage.eventually('the error', async () => {
    const now = await stage.client.get<VolumeSnapshot>(
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
  await stage.faults({ 'snapshot-never-ready': 'true' });
  await stage.eventually('a creation time', async () => {
    const now = await stage.client.get<VolumeSnapshot>(
      volumeSnapshots,
      n,
      'troubled',
    );
    return now.status?.creationTime && !now.status.error && now;
  });
  await stage.faults({});
  await stage.ready('troubled');
  await stage.client.delete(volumeSnapshots, n, 'troubled');
});

it('shows one moment of a volume that is written to', async () => {
  await stage.claim('busy');
  await stage.run('ticker', ['tick', '/volume'], 'busy');
  await stage.podIs('ticker', 'Running');
  const volume = (await stage.bound('busy')).spec?.volumeName ?? '';
  const read = (path: string, file: string) =>
    Number(readFileSync(join(path, file), 'utf8').trim() || NaN);
  await stage.eventually('ticks', async () => {
    try {
      return read(folderOf(volume), 'b') > 3;
    } catch {
      return false;
    }
  });
  await stage.snapshot('moment', { persistentVolumeClaimName: 'busy' });
  await stage.ready('moment');
  await stage.claim('moment', fromSnapshot('moment'));
  const copy = (await stage.bound('moment')).spec?.volumeName ?? '';
  const [a, b] = ['a', 'b'].map(file => read(folderOf(copy), file));
  expect(Math.abs(a - b)).toBeLessThanOrEqual(1);
  const before = read(folderOf(volume), 'b');
  await stage.eventually(
    'more ticks',
    async () => read(folderOf(volume), 'b') > before,
  );
  await stage.client.delete(types.pods, n, 'ticker');
  await stage.client.delete(volumeSnapshots, n, 'moment');
});

it('clones a claim, and refuses what does not fit', async () => {
  await stage.claim('origin');
  writeFileSync(join(await stage.folderOf('origin'), 'file'), 'same');
  const cloneOf = (name: string) => ({
    dataSource: { kind: 'PersistentVolumeClaim', name },
  });
  await stage.claim('clone', cloneOf('origin'));
  const clone = await stage.folderOf('clone');
  expect(readFileSync(join(clone, 'file'), 'utf8')).toBe('same');
  await stage.claim('small', {
    ...cloneOf('origin'),
    resources: { requests: { storage: '1Mi' } },
  });
  await stage.faults({ 'snapshot-restore-size': '2Gi' });
  await stage.snapshot('large', { persistentVolumeClaimName: 'origin' });
  await stage.ready('large');
  await stage.claim('too-small', fromSnapshot('large'));
  await stage.claim('no-driver', {
    ...fromSnapshot('large'),
    storageClassName: 'plain',
  });
  const events = { ...types.pods, resource: 'events', kind: 'Event' };
  const reasonOf = (name: string) =>
    stage.eventually(`an event of ${name}`, async () => {
      const { items } = await stage.client.request<{
        items: { involvedObject: { name: string }; message: string }[];
      }>('GET', `/api/v1/namespaces/${n}/${events.resource}`);
      return items.find(each => each.involvedObject.name === name)?.message;
    });
  expect(await reasonOf('small')).toContain('greater than or equal in size');
  expect(await reasonOf('too-small')).toContain(
    'requested volume size 1073741824 is less than the size 2147483648',
  );
  expect(await reasonOf('no-driver')).toContain('does not support snapshot');
  for (const name of ['small', 'too-small', 'no-driver']) {
    await stage.client.delete(types.persistentVolumeClaims, n, name);
  }
  await stage.client.delete(volumeSnapshots, n, 'large');
});

it('gives a block volume as a file behind its device path', async () => {
  await stage.claim('block', { volumeMode: 'Block' });
  const device = join(await stage.folderOf('block'), 'device');
  expect(statSync(device).size).toBe(2 ** 30);
  expect(statSync(device).blocks).toBe(0);
  await stage.run(
    'block-writer',
    ['write', '/dev/disk', 'raw'],
    'block',
    {},
    {
      volumeMounts: undefined,
      volumeDevices: [{ name: 'data', devicePath: '/dev/disk' }],
    },
  );
  await stage.podIs('block-writer', 'Succeeded');
  expect(readFileSync(device, 'utf8')).toBe('raw');
});

it('binds under WaitForFirstConsumer only when a pod comes', async () => {
  await stage.claim('late', { storageClassName: 'folders-wait' });
  await stage.run('consumer', ['write', '/volume/x', 'x'], 'late');
  await stage.podIs('consumer', 'Succeeded');
  const { metadata } = await stage.bound('late');
  expect(metadata.annotations).toMatchObject({
    'volume.kubernetes.io/selected-node': 'dev-node',
  });
});

it('lets a pod read the volume of another through a host path, and nothing else of the machine', async () => {
  await stage.claim('hosted');
  writeFileSync(join(await stage.folderOf('hosted'), 'file'), 'seen');
  await stage.run('owner', ['wait'], 'hosted');
  const owner = await stage.podIs('owner', 'Running');
  const { metadata } = await stage.client.get(
    types.nodes,
    undefined,
    'dev-node',
  );
  const pods = metadata.annotations?.['dev-cluster.lifeboat.dev/pods-path'];
  const volume = (await stage.bound('hosted')).spec?.volumeName;
  const path = `${pods}/${owner.metadata.uid}/volumes/kubernetes.io~csi/${volume}/mount`;
  const mounting = (hostPath: string) => ({
    volumes: [{ name: 'data', hostPath: { path: hostPath } }],
  });
  await stage.run(
    'looker',
    ['copy', '/volume/file', '/dev/termination-log'],
    'hosted',
    mounting(path),
  );
  const looker = await stage.podIs('looker', 'Succeeded', 'Failed');
  expect(looker.status?.containerStatuses?.[0].state.terminated?.message).toBe(
    'seen',
  );
  await stage.run('burglar', ['wait'], 'hosted', mounting('/etc'));
  await stage.eventually('a refusal', async () =>
    (
      await stage.pod('burglar')
    )?.status?.containerStatuses?.[0].state.waiting?.message?.includes(
      "outside of the node's pods",
    ),
  );
});

it('evicts, misses images and ends pods at their deadline', async () => {
  await stage.run('evicted', ['wait']);
  await stage.podIs('evicted', 'Running');
  await stage.faults({
    evict: `${n}/evicted`,
    'image-missing': '*/absent:*',
  });
  expect((await stage.podIs('evicted', 'Failed')).status?.reason).toBe(
    'Evicted',
  );
  await stage.run('pulls', ['wait'], undefined, {}, { image: 'some/absent:1' });
  const waiting = (reason: string) =>
    stage.eventually(reason, async () => {
      const status = (await stage.pod('pulls'))?.status;
      return (
        status?.phase === 'Pending' &&
        status.containerStatuses?.[0].state.waiting?.reason === reason
      );
    });
  await waiting('ErrImagePull');
  await waiting('ImagePullBackOff');
  await stage.faults({});
  await stage.podIs('pulls', 'Running');
  await stage.run('late-pod', ['wait'], undefined, {
    activeDeadlineSeconds: 1,
  });
  expect((await stage.podIs('late-pod', 'Failed')).status?.reason).toBe(
    'DeadlineExceeded',
  );
});

it('goes away with all processes and comes back', async () => {
  await stage.run('mortal', ['wait']);
  await stage.run('reborn', ['wait'], undefined, { restartPolicy: 'Always' });
  await stage.podIs('mortal', 'Running');
  await stage.podIs('reborn', 'Running');
  await stage.faults({ 'node-gone': 'true' });
  await stage.eventually('unready pods', async () =>
    (
      await stage.pod('mortal')
    )?.status?.conditions?.some(
      each => each.type === 'Ready' && each.status === 'False',
    ),
  );
  expect((await stage.pod('mortal'))?.status?.phase).toBe('Running');
  await stage.faults({});
  const dead = await stage.podIs('mortal', 'Failed');
  expect(dead.status?.containerStatuses?.[0].state.terminated?.exitCode).toBe(
    137,
  );
  await stage.eventually('a restart', async () => {
    const state = (await stage.pod('reborn'))?.status?.containerStatuses?.[0];
    return state?.restartCount === 1 && state.state.running;
  });
});

it('finds after a restart what its predecessor left, and tells the truth about it', async () => {
  await stage.claim('lasting');
  writeFileSync(join(await stage.folderOf('lasting'), 'file'), 'still here');
  await stage.snapshot('lasting', { persistentVolumeClaimName: 'lasting' });
  await stage.ready('lasting');
  await stage.run('once', ['wait'], 'lasting');
  await stage.run('again', ['wait'], 'lasting', { restartPolicy: 'Always' });
  await stage.podIs('once', 'Running');
  await stage.podIs('again', 'Running');
  await stage.stopNode();
  await stage.startNode();
  const once = await stage.podIs('once', 'Failed');
  expect(once.status?.containerStatuses?.[0].state.terminated?.exitCode).toBe(
    137,
  );
  await stage.eventually('a restart', async () => {
    const state = (await stage.pod('again'))?.status?.containerStatuses?.[0];
    return state?.restartCount === 1 && state.state.running;
  });
  await stage.claim('later', fromSnapshot('lasting'));
  const copy = join(await stage.folderOf('later'), 'file');
  expect(readFileSync(copy, 'utf8')).toBe('still here');
});
