import {
  get,
  patch,
  post,
  remove,
  silently,
  type Case,
  type Step,
} from '../Case';
import { columnsAndCells } from './objects';

const claims = '/api/v1/namespaces/{ns}/persistentvolumeclaims';
const volumes = '/api/v1/persistentvolumes';
const classes = '/apis/storage.k8s.io/v1/storageclasses';
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const group = 'snapshot.storage.k8s.io';
const snapshots = `/apis/${group}/v1/namespaces/{ns}/volumesnapshots`;
const contents = `/apis/${group}/v1/volumesnapshotcontents`;
const table = 'application/json;as=Table;g=meta.k8s.io;v=v1,application/json';
const rows = (name: string, where: string): Step => ({
  ...get(name, where, table),
  record: answer => columnsAndCells(answer.body),
});

const claim = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'none',
    ...spec,
  },
});

const volume = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'none',
    csi: { driver: 'folders.example.com', volumeHandle: 'handle' },
    ...spec,
  },
});

const snapshotSource = {
  apiGroup: group,
  kind: 'VolumeSnapshot',
  name: 'first',
};

const claimRef = (name: string, uid?: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: '{ns}',
  name,
  ...(uid ? { uid } : {}),
});

const claimCases: Case = {
  name: 'storage: claims',
  steps: [
    post(
      'from a snapshot',
      claims,
      claim('from-snapshot', { dataSource: snapshotSource }),
    ),
    post(
      'from a snapshot by reference',
      claims,
      claim('by-reference', { dataSourceRef: snapshotSource }),
    ),
    post(
      'from a claim',
      claims,
      claim('clone', {
        dataSource: { kind: 'PersistentVolumeClaim', name: 'from-snapshot' },
      }),
    ),
    post(
      'from something else',
      claims,
      claim('other', {
        dataSource: { apiGroup: 'example.com', kind: 'Thing', name: 'x' },
      }),
    ),
    post(
      'from anything by reference',
      claims,
      claim('populated', {
        dataSourceRef: { apiGroup: 'example.com', kind: 'Thing', name: 'x' },
      }),
    ),
    post(
      'from two that differ',
      claims,
      claim('differ', {
        dataSource: snapshotSource,
        dataSourceRef: { ...snapshotSource, name: 'second' },
      }),
    ),
    post(
      'from a core kind that is no claim',
      claims,
      claim('core', { dataSourceRef: { kind: 'Secret', name: 'x' } }),
    ),
    post(
      'from a source without a name',
      claims,
      claim('nameless', {
        dataSource: { apiGroup: group, kind: 'VolumeSnapshot' },
      }),
    ),
    post('block', claims, claim('block', { volumeMode: 'Block' })),
    post('bad volume mode', claims, claim('odd', { volumeMode: 'Tape' })),
    post(
      'read-only many',
      claims,
      claim('many', { accessModes: ['ReadOnlyMany'] }),
    ),
    post(
      'one pod and more',
      claims,
      claim('pods', { accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }),
    ),
    post(
      'selector',
      claims,
      claim('selected', {
        selector: { matchLabels: { 'velero.io/dynamic-pv-restore': 'a.b.c' } },
      }),
    ),
    post(
      'bad selector',
      claims,
      claim('selected-badly', {
        selector: { matchExpressions: [{ key: 'a', operator: 'Near' }] },
      }),
    ),
    patch('selector: another', `${claims}/selected`, 'merge', {
      spec: { selector: { matchLabels: { a: 'b' } } },
    }),
    patch('selector: bind it by name', `${claims}/selected`, 'merge', {
      metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
      spec: { volumeName: 'contract-bound' },
    }),
    patch('selector: bind it elsewhere', `${claims}/selected`, 'merge', {
      spec: { volumeName: 'contract-other' },
    }),
    patch('another source', `${claims}/clone`, 'merge', {
      spec: { dataSource: { name: 'block' } },
    }),
    patch('another mode', `${claims}/block`, 'merge', {
      spec: { volumeMode: 'Filesystem' },
    }),
    patch('other access modes', `${claims}/many`, 'merge', {
      spec: { accessModes: ['ReadWriteOnce'] },
    }),
    patch('more while pending', `${claims}/many`, 'merge', {
      spec: { resources: { requests: { storage: '2Gi' } } },
    }),
    patch('conditions and capacity', `${claims}/block/status`, 'merge', {
      status: {
        phase: 'Bound',
        capacity: { storage: '1024Mi' },
        accessModes: ['ReadWriteOnce'],
        conditions: [
          {
            type: 'Resizing',
            status: 'True',
            lastTransitionTime: '2026-11-23T00:00:00Z',
          },
        ],
      },
    }),
    post(
      'without a class',
      claims,
      claim('classless', { storageClassName: undefined }),
    ),
    patch('a class that came later', `${claims}/classless`, 'merge', {
      spec: { storageClassName: 'late' },
    }),
    patch('and another', `${claims}/classless`, 'merge', {
      spec: { storageClassName: 'later' },
    }),
    rows('table', claims),
    remove('delete one in use', `${claims}/block`),
    get('it stays', `${claims}/block`),
    patch('while it goes: another finalizer', `${claims}/block`, 'merge', {
      metadata: {
        finalizers: ['kubernetes.io/pvc-protection', 'example.com/late'],
      },
    }),
    patch('let it go', `${claims}/block`, 'merge', {
      metadata: { finalizers: null },
    }),
    get('it is gone', `${claims}/block`),
  ],
};

const volumeCases: Case = {
  name: 'storage: volumes',
  steps: [
    post('csi', volumes, volume('contract-csi')),
    post(
      'csi with everything',
      volumes,
      volume('contract-rich', {
        volumeMode: 'Block',
        persistentVolumeReclaimPolicy: 'Delete',
        mountOptions: ['ro'],
        csi: {
          driver: 'folders.example.com',
          volumeHandle: 'rich',
          fsType: 'ext4',
          readOnly: true,
          volumeAttributes: { a: 'b' },
          nodePublishSecretRef: { name: 's', namespace: 'n' },
        },
        claimRef: claimRef('nobody', 'd2f2b1b8-6f0c-4a5e-9a0e-0d2d1d2d1d2d'),
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'zone', operator: 'In', values: ['a'] },
                ],
              },
            ],
          },
        },
      }),
    ),
    post(
      'csi without a handle',
      volumes,
      volume('contract-bad', { csi: { driver: 'folders.example.com' } }),
    ),
    post(
      'two sources',
      volumes,
      volume('contract-two', { hostPath: { path: '/x' } }),
    ),
    post(
      'bad policy',
      volumes,
      volume('contract-policy', { persistentVolumeReclaimPolicy: 'Burn' }),
    ),
    patch('another handle', `${volumes}/contract-csi`, 'merge', {
      spec: { csi: { volumeHandle: 'other' } },
    }),
    patch('another mode', `${volumes}/contract-csi`, 'merge', {
      spec: { volumeMode: 'Block' },
    }),
    patch('keep it', `${volumes}/contract-rich`, 'merge', {
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    }),
    patch('released', `${volumes}/contract-rich/status`, 'merge', {
      status: { phase: 'Released', reason: 'gone', message: 'the claim' },
    }),
    patch('hand it over', `${volumes}/contract-rich`, 'merge', {
      metadata: { labels: { 'velero.io/dynamic-pv-restore': 'a.b.c' } },
      spec: {
        claimRef: { name: 'target', uid: null, resourceVersion: null },
      },
    }),
    patch('hand it over whole', `${volumes}/contract-rich`, 'json', [
      { op: 'replace', path: '/spec/claimRef', value: claimRef('other') },
    ]),
    patch('free it', `${volumes}/contract-rich`, 'merge', {
      spec: { claimRef: null },
    }),
    patch('another class', `${volumes}/contract-rich`, 'merge', {
      spec: { storageClassName: 'other' },
    }),
    patch('larger', `${volumes}/contract-rich`, 'merge', {
      spec: { capacity: { storage: '2048Mi' } },
    }),
    patch('elsewhere', `${volumes}/contract-rich`, 'merge', {
      spec: { nodeAffinity: null },
    }),
    rows('table', volumes),
    remove('delete', `${volumes}/contract-csi`),
    get('protected', `${volumes}/contract-csi`),
    ...['contract-csi', 'contract-rich'].flatMap(name => [
      silently(
        patch(`release ${name}`, `${volumes}/${name}`, 'merge', {
          metadata: { finalizers: null },
        }),
      ),
    ]),
    silently(remove('remove the other', `${volumes}/contract-rich`)),
    post('class', classes, {
      metadata: {
        name: 'contract-late',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'false' },
      },
      provisioner: 'folders.example.com',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Retain',
      parameters: { a: 'b' },
      allowVolumeExpansion: true,
      mountOptions: ['ro'],
    }),
    patch('class: another policy', `${classes}/contract-late`, 'merge', {
      reclaimPolicy: 'Delete',
    }),
    patch('class: expansion', `${classes}/contract-late`, 'merge', {
      allowVolumeExpansion: false,
    }),
    rows('table of classes', classes),
    silently(remove('delete class', `${classes}/contract-late`)),
  ],
};

const definition = (
  kind: string,
  plural: string,
  scope: string,
  columns: object[],
  properties: object,
) => ({
  metadata: {
    name: `${plural}.${group}`,
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
  },
  spec: {
    group,
    scope,
    names: { kind, plural },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: columns,
        schema: {
          openAPIV3Schema: { type: 'object', required: ['spec'], properties },
        },
      },
    ],
  },
});
const text = { type: 'string' };
const any = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const snapshotDefinition = definition(
  'VolumeSnapshot',
  'volumesnapshots',
  'Namespaced',
  [
    { name: 'ReadyToUse', jsonPath: '.status.readyToUse', type: 'boolean' },
    { name: 'RestoreSize', jsonPath: '.status.restoreSize', type: 'string' },
    { name: 'CreationTime', jsonPath: '.status.creationTime', type: 'date' },
  ],
  {
    spec: {
      type: 'object',
      required: ['source'],
      properties: { source: any, volumeSnapshotClassName: text },
    },
    status: {
      type: 'object',
      properties: {
        boundVolumeSnapshotContentName: text,
        creationTime: { ...text, format: 'date-time' },
        readyToUse: { type: 'boolean' },
        restoreSize: {
          ...text,
          pattern:
            '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
          'x-kubernetes-int-or-string': true,
        },
        error: {
          type: 'object',
          properties: { message: text, time: { ...text, format: 'date-time' } },
        },
      },
    },
  },
);

const contentDefinition = definition(
  'VolumeSnapshotContent',
  'volumesnapshotcontents',
  'Cluster',
  [
    { name: 'RestoreSize', jsonPath: '.status.restoreSize', type: 'integer' },
    { name: 'Policy', jsonPath: '.spec.deletionPolicy', type: 'string' },
  ],
  {
    spec: {
      type: 'object',
      required: ['deletionPolicy', 'driver', 'source', 'volumeSnapshotRef'],
      properties: {
        deletionPolicy: { ...text, enum: ['Delete', 'Retain'] },
        driver: text,
        source: any,
        volumeSnapshotRef: {
          type: 'object',
          'x-kubernetes-map-type': 'atomic',
          properties: { name: text, namespace: text, uid: text, kind: text },
        },
      },
    },
    status: {
      type: 'object',
      properties: {
        creationTime: { type: 'integer', format: 'int64' },
        readyToUse: { type: 'boolean' },
        restoreSize: { type: 'integer', format: 'int64', minimum: 0 },
        snapshotHandle: text,
      },
    },
  },
);

/** Repeated until the type is served: a real server needs a moment. */
const onceServed = (step: Step): Step => ({ ...step, onceServed: true });

const snapshotCases: Case = {
  name: 'storage: snapshots',
  steps: [
    silently(post('define snapshots', crds, snapshotDefinition)),
    silently(post('define contents', crds, contentDefinition)),
    onceServed(
      post('snapshot', snapshots, {
        apiVersion: `${group}/v1`,
        kind: 'VolumeSnapshot',
        metadata: {
          name: 'first',
          finalizers: [
            'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
          ],
        },
        spec: { source: { persistentVolumeClaimName: 'data' } },
        status: { readyToUse: true },
      }),
    ),
    post('snapshot without a source', snapshots, {
      apiVersion: `${group}/v1`,
      kind: 'VolumeSnapshot',
      metadata: { name: 'bad' },
      spec: {},
    }),
    patch('not ready', `${snapshots}/first/status`, 'merge', {
      status: {
        readyToUse: false,
        boundVolumeSnapshotContentName: 'contract-content',
        error: { message: 'pool is full', time: '2026-11-23T00:00:00Z' },
      },
    }),
    patch('ready', `${snapshots}/first/status`, 'merge', {
      spec: { source: { persistentVolumeClaimName: 'ignored' } },
      status: {
        readyToUse: true,
        error: null,
        restoreSize: '10Mi',
        creationTime: '2026-11-23T00:00:00Z',
        unknown: 'pruned',
      },
    }),
    patch('a size that is a number', `${snapshots}/first/status`, 'merge', {
      status: { restoreSize: 1024 },
    }),
    patch('a size that is none', `${snapshots}/first/status`, 'merge', {
      status: { restoreSize: 'large' },
    }),
    patch('a time that is none', `${snapshots}/first/status`, 'merge', {
      status: { creationTime: 'yesterday' },
    }),
    onceServed(
      post('content', contents, {
        apiVersion: `${group}/v1`,
        kind: 'VolumeSnapshotContent',
        metadata: { name: 'contract-content' },
        spec: {
          deletionPolicy: 'Retain',
          driver: 'folders.example.com',
          source: { snapshotHandle: 'snap-1' },
          volumeSnapshotRef: { name: 'first', namespace: '{ns}' },
        },
      }),
    ),
    patch('a policy that is none', `${contents}/contract-content`, 'merge', {
      spec: { deletionPolicy: 'Forget' },
    }),
    patch(
      'delete it with its snapshot',
      `${contents}/contract-content`,
      'merge',
      {
        spec: { deletionPolicy: 'Delete' },
      },
    ),
    patch('content is ready', `${contents}/contract-content/status`, 'merge', {
      status: {
        creationTime: 1732363925123000000,
        restoreSize: 10485760,
        readyToUse: true,
        snapshotHandle: 'snap-1',
      },
    }),
    patch('a negative size', `${contents}/contract-content/status`, 'merge', {
      status: { restoreSize: -1 },
    }),
    {
      ...rows('table of snapshots', snapshots),
      record: answer =>
        (
          answer.body as { columnDefinitions: { name: string; type: string }[] }
        ).columnDefinitions.map(({ name, type }) => `${name}: ${type}`),
    },
    rows('table of contents', contents),
    remove('delete the snapshot', `${snapshots}/first`),
    get('held by its finalizer', `${snapshots}/first`),
    patch('let it go', `${snapshots}/first`, 'merge', {
      metadata: { finalizers: [] },
    }),
    get('gone', `${snapshots}/first`),
    silently(remove('remove the content', `${contents}/contract-content`)),
    ...['volumesnapshots', 'volumesnapshotcontents'].map(plural =>
      silently(remove(`forget ${plural}`, `${crds}/${plural}.${group}`)),
    ),
  ],
};

/** What the controllers of volumes and snapshots, and Velero's way with them, rely on. */
export const storageCases: Case[] = [claimCases, volumeCases, snapshotCases];
