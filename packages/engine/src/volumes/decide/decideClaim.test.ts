import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { parsePolicies } from '../policies/parsePolicies';
import { decideClaim } from './decideClaim';
import { decidePodVolume } from './decidePodVolume';
import { podFacts } from './PodFacts';
import type { ClaimFacts, DecisionContext } from './VolumeDecision';

const driver = 'disks.example.com';

function claim(overrides: {
  phase?: string;
  mode?: string;
  className?: string;
  volumeName?: string;
}): KubernetesObject {
  const {
    phase = 'Bound',
    mode = 'Filesystem',
    className = 'fast',
    volumeName = 'pv-1',
  } = overrides;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'shop', name: 'data', uid: 'claim' },
    spec: { storageClassName: className, volumeMode: mode, volumeName },
    status: { phase },
  };
}

const csiVolume: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv-1' },
  spec: { csi: { driver, volumeHandle: 'h' }, storageClassName: 'fast' },
};

const localVolume: KubernetesObject = {
  ...csiVolume,
  spec: { local: { path: '/disk' }, storageClassName: 'local' },
};

const hostPathVolume: KubernetesObject = {
  ...csiVolume,
  spec: { hostPath: { path: '/disk' } },
};

function pod(overrides: {
  phase?: string;
  annotations?: { [key: string]: string };
  isMounted?: boolean;
}) {
  const { phase = 'Running', annotations, isMounted = true } = overrides;
  return podFacts({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'db-0', uid: 'pod', annotations },
    spec: {
      nodeName: 'node-1',
      containers: [
        {
          name: 'db',
          volumeMounts: isMounted ? [{ name: 'disk', mountPath: '/d' }] : [],
        },
      ],
      volumes: [
        { name: 'disk', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'scratch', emptyDir: {} },
      ],
    },
    status: { phase },
  });
}

const storageClass: KubernetesObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'fast' },
  provisioner: driver,
};

const snapshotClass: KubernetesObject = {
  apiVersion: 'snapshot.storage.k8s.io/v1',
  kind: 'VolumeSnapshotClass',
  metadata: { name: 'snaps' },
  driver,
};

const facts: ClaimFacts = {
  claim: claim({}),
  volume: csiVolume,
  storageClass,
  pods: [pod({})],
};

const plain: DecisionContext = {
  spec: {},
  isComponent: false,
  snapshots: { classes: [snapshotClass] },
  fileSystemBackup: { enabled: true, claimsExcluded: false },
};

const component: DecisionContext = {
  ...plain,
  spec: { snapshotMoveData: true },
  isComponent: true,
};

const withoutCopies = { enabled: false, claimsExcluded: false };
const noSnapshots = { classes: [], problem: 'the cluster has no snapshots' };
const optIn = { 'backup.velero.io/backup-volumes': 'disk,scratch' };
const optOut = { 'backup.velero.io/backup-volumes-excludes': 'disk,scratch' };
const policy = (action: string) =>
  parsePolicies(
    `version: v1\nvolumePolicies:\n- conditions: { storageClass: [fast] }\n  action: { type: ${action} }`,
  );

type Row = [
  string,
  Partial<ClaimFacts>,
  Partial<DecisionContext>,
  [method: string, severity: string, reason: RegExp],
];

describe('what happens to the data of a claim', () => {
  it.each<Row>([
    [
      'a snapshot that stays, by default',
      {},
      {},
      ['csi-snapshot', 'info', /driver/],
    ],
    [
      'movement, when asked for',
      {},
      { spec: { snapshotMoveData: true } },
      ['csi-data-movement', 'info', /driver/],
    ],
    [
      'nothing with snapshotVolumes: false',
      {},
      { spec: { snapshotVolumes: false, snapshotMoveData: true } },
      ['skip', 'warning', /snapshotVolumes is false/],
    ],
    [
      'a policy’s snapshot although snapshotVolumes is false',
      {},
      { spec: { snapshotVolumes: false }, policies: policy('snapshot') },
      ['csi-snapshot', 'info', /policy/],
    ],
    [
      'a policy’s skip',
      {},
      { policies: policy('skip') },
      ['skip', 'info', /policy/],
    ],
    [
      'a policy’s custom',
      {},
      { policies: policy('custom') },
      ['skip', 'info', /custom/],
    ],
    [
      'a policy’s fs-backup',
      {},
      { policies: policy('fs-backup') },
      ['fs-backup', 'info', /policy/],
    ],
    [
      'files, when the pod opts in',
      { pods: [pod({ annotations: optIn })] },
      {},
      ['fs-backup', 'info', /annotation/],
    ],
    [
      'files by default',
      {},
      { spec: { defaultVolumesToFsBackup: true } },
      ['fs-backup', 'info', /defaultVolumesToFsBackup/],
    ],
    [
      'a snapshot, when the pod opts out of files by default',
      { pods: [pod({ annotations: optOut })] },
      { spec: { defaultVolumesToFsBackup: true } },
      ['csi-snapshot', 'info', /driver/],
    ],
    [
      'no files of a pod that does not run',
      { pods: [pod({ annotations: optIn, phase: 'Pending' })] },
      {},
      ['skip', 'warning', /not running/],
    ],
    [
      'no files of a volume that no container mounts',
      { pods: [pod({ annotations: optIn, isMounted: false })] },
      {},
      ['skip', 'warning', /mounts/],
    ],
    [
      'no files of a block device',
      { claim: claim({ mode: 'Block' }), pods: [pod({ annotations: optIn })] },
      {},
      ['skip', 'warning', /block/],
    ],
    [
      'no files of a folder of the node',
      { volume: hostPathVolume, pods: [pod({ annotations: optIn })] },
      {},
      ['skip', 'warning', /hostPath/],
    ],
    [
      'an error when files are wanted and turned off',
      { pods: [pod({ annotations: optIn })] },
      { fileSystemBackup: withoutCopies },
      ['skip', 'error', /file-system backup is off/],
    ],
    [
      'a snapshot when claims are excluded from the backup',
      { pods: [pod({ annotations: optIn })] },
      { fileSystemBackup: { enabled: true, claimsExcluded: true } },
      ['csi-snapshot', 'info', /driver/],
    ],
    [
      'nothing of an unbound claim',
      { claim: claim({ phase: 'Pending' }), volume: undefined },
      {},
      ['skip', 'warning', /not bound/],
    ],
    [
      'an error for a lost volume that was asked for',
      { claim: claim({ phase: 'Lost' }), volume: undefined },
      { spec: { snapshotMoveData: true } },
      ['skip', 'error', /lost/],
    ],
    [
      'nothing of a volume without CSI',
      { volume: localVolume },
      {},
      ['skip', 'warning', /CSI/],
    ],
    [
      'an error when it was asked for expressly',
      { volume: localVolume },
      { spec: { snapshotVolumes: true } },
      ['skip', 'error', /CSI/],
    ],
    [
      'an error without StorageClass',
      { claim: claim({ className: '' }), storageClass: 'missing' },
      {},
      ['skip', 'error', /names no StorageClass/],
    ],
    [
      'an error when its StorageClass has gone',
      { storageClass: 'missing' },
      {},
      ['skip', 'error', /fast does not exist/],
    ],
    [
      'an error without VolumeSnapshotClass',
      {},
      { snapshots: { classes: [] } },
      ['skip', 'error', /no VolumeSnapshotClass for driver disks/],
    ],
    [
      'a snapshot although volumes may not be read',
      { volume: undefined },
      {},
      ['csi-snapshot', 'info', /driver/],
    ],
    [
      'an error when neither volume nor class may be read',
      { volume: undefined, storageClass: 'unknown' },
      { spec: { snapshotMoveData: true } },
      ['skip', 'error', /may read neither/],
    ],
    [
      'a component: movement',
      {},
      component,
      ['csi-data-movement', 'info', /driver/],
    ],
    [
      'a component without snapshots: files',
      {},
      { ...component, snapshots: noSnapshots },
      ['fs-backup', 'info', /the cluster has no snapshots/],
    ],
    [
      'a component on a driver that cannot: files',
      {},
      { ...component, snapshots: { classes: [] } },
      ['fs-backup', 'info', /no VolumeSnapshotClass/],
    ],
    [
      'a component with neither: an error with both reasons',
      {},
      {
        ...component,
        snapshots: noSnapshots,
        fileSystemBackup: withoutCopies,
      },
      ['skip', 'error', /no snapshots, and file-system backup is off/],
    ],
    [
      'a component that does not run and has no snapshots: an error',
      { pods: [] },
      { ...component, snapshots: noSnapshots },
      ['skip', 'error', /no pod mounts it/],
    ],
    [
      'a component’s annotation where files are turned off: movement',
      { pods: [pod({ annotations: optIn })] },
      { ...component, fileSystemBackup: withoutCopies },
      ['csi-data-movement', 'info', /driver/],
    ],
    [
      'a component’s unbound claim: there is no data',
      { claim: claim({ phase: 'Pending' }), volume: undefined },
      component,
      ['skip', 'warning', /not bound/],
    ],
    [
      'a component’s objects only',
      {},
      { ...component, spec: { snapshotVolumes: false } },
      ['skip', 'warning', /snapshotVolumes is false/],
    ],
  ])('%s', (_title, ownFacts, context, [method, severity, reason]) => {
    const decision = decideClaim(
      { ...facts, ...ownFacts },
      { ...plain, ...context },
    );
    expect(decision).toMatchObject({ method, severity });
    expect(decision.reason).toMatch(reason);
    expect(decision.copy?.volume.name).toBe(
      method === 'fs-backup' ? 'disk' : undefined,
    );
    expect(decision.snapshot).toEqual(
      method.startsWith('csi-')
        ? { driver, snapshotClass: 'snaps', storageClass: 'fast' }
        : undefined,
    );
  });

  it('follows a claim to its volume unless a policy skips it', () => {
    const decide = (action: string) =>
      decideClaim(facts, { ...plain, policies: policy(action) }).withVolume;
    expect(decide('skip')).toBe(false);
    expect(decide('custom')).toBe(true);
    expect(decide('snapshot')).toBe(true);
  });
});

describe('what happens to a volume that a pod brings itself', () => {
  const decide = (
    annotations: { [key: string]: string } | undefined,
    context: Partial<DecisionContext> = {},
  ) => {
    const facts_ = pod({ annotations });
    return decidePodVolume(facts_, facts_.volumes[1], { ...plain, ...context });
  };

  it.each([
    ['nothing by default', undefined, {}, undefined],
    [
      'an opt-in, but no container mounts it',
      optIn,
      {},
      { method: 'skip', severity: 'warning' },
    ],
    [
      'an opt-in while files are turned off',
      optIn,
      { fileSystemBackup: withoutCopies },
      { method: 'skip', severity: 'error' },
    ],
    [
      'an opt-out',
      optOut,
      { spec: { defaultVolumesToFsBackup: true } },
      undefined,
    ],
  ])('%s', (_title, annotations, context, wanted) => {
    const decision = decide(annotations, context);
    expect(
      decision && { method: decision.method, severity: decision.severity },
    ).toEqual(wanted);
  });
});
