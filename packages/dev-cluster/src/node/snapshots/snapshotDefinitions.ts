import { Resource } from '../api/Resource';

const GROUP = 'snapshot.storage.k8s.io';

const text = { type: 'string' };
const immutable = (name: string) => ({
  ...text,
  'x-kubernetes-validations': [
    { message: `${name} is immutable`, rule: 'self == oldSelf' },
  ],
});
const keptOnceSet = (name: string) => ({
  message: `${name} is required once set`,
  rule: `!has(oldSelf.${name}) || has(self.${name})`,
});
const exactlyOne = (one: string, other: string) => ({
  message: `exactly one of ${one} and ${other} must be set`,
  rule: `(has(self.${one}) && !has(self.${other})) || (!has(self.${one}) && has(self.${other}))`,
});
const error = {
  type: 'object',
  description: 'The last error while the snapshot was made, if any.',
  properties: { message: text, time: { ...text, format: 'date-time' } },
};
const quantity = {
  ...text,
  pattern:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  'x-kubernetes-int-or-string': true,
};
const typeMeta = {
  apiVersion: text,
  kind: text,
  metadata: { type: 'object' },
};
const age = {
  jsonPath: '.metadata.creationTimestamp',
  name: 'Age',
  type: 'date',
};

function definition(
  names: { kind: string; plural: string; shortNames: string[] },
  scope: 'Namespaced' | 'Cluster',
  approval: number,
  version: {
    columns: { name: string; jsonPath: string; type?: string }[];
    properties: object;
    required: string[];
    status: boolean;
  },
): Resource {
  const singular = names.kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${names.plural}.${GROUP}`,
      annotations: {
        'api-approved.kubernetes.io': `https://github.com/kubernetes-csi/external-snapshotter/pull/${approval}`,
      },
    },
    spec: {
      group: GROUP,
      scope,
      names: { ...names, singular, listKind: `${names.kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          additionalPrinterColumns: [
            ...version.columns.map(column => ({ type: 'string', ...column })),
            age,
          ],
          subresources: version.status ? { status: {} } : {},
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { ...typeMeta, ...version.properties },
              required: version.required,
            },
          },
        },
      ],
    },
  };
}

const snapshotSource = {
  type: 'object',
  description: 'A claim to be snapshotted, or a content that is there.',
  properties: {
    persistentVolumeClaimName: immutable('persistentVolumeClaimName'),
    volumeSnapshotContentName: immutable('volumeSnapshotContentName'),
  },
  'x-kubernetes-validations': [
    keptOnceSet('persistentVolumeClaimName'),
    keptOnceSet('volumeSnapshotContentName'),
    exactlyOne('volumeSnapshotContentName', 'persistentVolumeClaimName'),
  ],
};

const contentSource = {
  type: 'object',
  description: 'A volume to be snapshotted, or a snapshot that is there.',
  properties: {
    snapshotHandle: immutable('snapshotHandle'),
    volumeHandle: immutable('volumeHandle'),
  },
  'x-kubernetes-validations': [
    keptOnceSet('volumeHandle'),
    keptOnceSet('snapshotHandle'),
    exactlyOne('volumeHandle', 'snapshotHandle'),
  ],
};

const objectReference = {
  type: 'object',
  properties: Object.fromEntries(
    [
      'apiVersion',
      'fieldPath',
      'kind',
      'name',
      'namespace',
      'resourceVersion',
      'uid',
    ].map(name => [name, text]),
  ),
  'x-kubernetes-map-type': 'atomic',
  'x-kubernetes-validations': [
    {
      message:
        'both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set',
      rule: 'has(self.name) && has(self.__namespace__)',
    },
  ],
};

const deletionPolicy = { ...text, enum: ['Delete', 'Retain'] };

/** The types of CSI snapshots, as external-snapshotter defines them in version v1. */
export const snapshotDefinitions: Resource[] = [
  definition(
    {
      kind: 'VolumeSnapshotClass',
      plural: 'volumesnapshotclasses',
      shortNames: ['vsclass', 'vsclasses'],
    },
    'Cluster',
    814,
    {
      columns: [
        { name: 'Driver', jsonPath: '.driver' },
        { name: 'DeletionPolicy', jsonPath: '.deletionPolicy' },
      ],
      properties: {
        deletionPolicy,
        driver: text,
        parameters: { type: 'object', additionalProperties: text },
      },
      required: ['deletionPolicy', 'driver'],
      status: false,
    },
  ),
  definition(
    {
      kind: 'VolumeSnapshotContent',
      plural: 'volumesnapshotcontents',
      shortNames: ['vsc', 'vscs'],
    },
    'Cluster',
    955,
    {
      columns: [
        { name: 'ReadyToUse', jsonPath: '.status.readyToUse', type: 'boolean' },
        {
          name: 'RestoreSize',
          jsonPath: '.status.restoreSize',
          type: 'integer',
        },
        { name: 'DeletionPolicy', jsonPath: '.spec.deletionPolicy' },
        { name: 'Driver', jsonPath: '.spec.driver' },
        {
          name: 'VolumeSnapshotClass',
          jsonPath: '.spec.volumeSnapshotClassName',
        },
        { name: 'VolumeSnapshot', jsonPath: '.spec.volumeSnapshotRef.name' },
        {
          name: 'VolumeSnapshotNamespace',
          jsonPath: '.spec.volumeSnapshotRef.namespace',
        },
      ],
      properties: {
        spec: {
          type: 'object',
          properties: {
            deletionPolicy,
            driver: text,
            source: contentSource,
            sourceVolumeMode: immutable('sourceVolumeMode'),
            volumeSnapshotClassName: text,
            volumeSnapshotRef: objectReference,
          },
          required: ['deletionPolicy', 'driver', 'source', 'volumeSnapshotRef'],
          'x-kubernetes-validations': [keptOnceSet('sourceVolumeMode')],
        },
        status: {
          type: 'object',
          properties: {
            creationTime: {
              type: 'integer',
              format: 'int64',
              description: 'Nanoseconds since 1970.',
            },
            error,
            readyToUse: { type: 'boolean' },
            restoreSize: { type: 'integer', format: 'int64', minimum: 0 },
            snapshotHandle: text,
            volumeGroupSnapshotHandle: text,
          },
        },
      },
      required: ['spec'],
      status: true,
    },
  ),
  definition(
    {
      kind: 'VolumeSnapshot',
      plural: 'volumesnapshots',
      shortNames: ['vs'],
    },
    'Namespaced',
    814,
    {
      columns: [
        { name: 'ReadyToUse', jsonPath: '.status.readyToUse', type: 'boolean' },
        {
          name: 'SourcePVC',
          jsonPath: '.spec.source.persistentVolumeClaimName',
        },
        {
          name: 'SourceSnapshotContent',
          jsonPath: '.spec.source.volumeSnapshotContentName',
        },
        { name: 'RestoreSize', jsonPath: '.status.restoreSize' },
        { name: 'SnapshotClass', jsonPath: '.spec.volumeSnapshotClassName' },
        {
          name: 'SnapshotContent',
          jsonPath: '.status.boundVolumeSnapshotContentName',
        },
        {
          name: 'CreationTime',
          jsonPath: '.status.creationTime',
          type: 'date',
        },
      ],
      properties: {
        spec: {
          type: 'object',
          properties: {
            source: snapshotSource,
            volumeSnapshotClassName: {
              ...text,
              'x-kubernetes-validations': [
                {
                  message:
                    'volumeSnapshotClassName must not be the empty string when set',
                  rule: 'size(self) > 0',
                },
              ],
            },
          },
          required: ['source'],
        },
        status: {
          type: 'object',
          properties: {
            boundVolumeSnapshotContentName: text,
            creationTime: { ...text, format: 'date-time' },
            error,
            readyToUse: { type: 'boolean' },
            restoreSize: quantity,
            volumeGroupSnapshotName: text,
          },
        },
      },
      required: ['spec'],
      status: true,
    },
  ),
];
