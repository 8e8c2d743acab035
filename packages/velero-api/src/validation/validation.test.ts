import type { BackupSpec } from '../resources/Backup';
import type { BackupStorageLocationSpec } from '../resources/BackupStorageLocation';
import type { RestoreSpec } from '../resources/Restore';
import { validateLabelSelector } from './labelSelector';
import {
  validateNamespaceIncludesExcludes,
  validateScopedIncludesExcludes,
} from './lists';
import { validateBackupSpec } from './validateBackupSpec';
import { validateBackupStorageLocationSpec } from './validateBackupStorageLocationSpec';
import { validateDeleteBackupRequestSpec } from './validateDeleteBackupRequestSpec';
import { validateRestoreSpec } from './validateRestoreSpec';
import { validateScheduleSpec } from './validateScheduleSpec';

describe('validateBackupSpec', () => {
  it.each<[string, BackupSpec]>([
    ['nothing', {}],
    [
      'much',
      {
        includedNamespaces: ['shop', 'kube-*', 'ns-[0-9]'],
        excludedNamespaces: ['kube-system'],
        labelSelector: {
          matchLabels: { 'app.kubernetes.io/part-of': 'orders' },
          matchExpressions: [
            { key: 'tier', operator: 'In', values: ['web', 'db'] },
            { key: 'tier', operator: 'NotIn', values: ['db'] },
            { key: 'app', operator: 'Exists' },
          ],
        },
        excludedNamespaceScopedResources: ['events'],
        ttl: '720h0m0s',
        hooks: {
          resources: [
            {
              name: 'freeze',
              pre: [
                {
                  exec: {
                    command: ['/bin/sync'],
                    onError: 'Fail',
                    timeout: '30s',
                  },
                },
              ],
            },
          ],
        },
        orderedResources: { pods: 'shop/a,shop/b', persistentvolumes: 'pv1' },
        resourcePolicy: { kind: 'ConfigMap', name: 'policy' },
      },
    ],
    ['cluster-scoped objects only', { includedNamespaces: [''] }],
    ['nothing namespaced', { excludedNamespaceScopedResources: ['*'] }],
  ])('accepts %s', (_name, spec) => {
    expect(validateBackupSpec(spec)).toEqual([]);
  });

  it.each<[BackupSpec, string]>([
    [
      { includedResources: ['pods'], includedClusterScopedResources: ['pv'] },
      'They cannot be used together',
    ],
    [
      { includedResources: ['*', 'pods'] },
      "Invalid included/excluded resource lists: includes list must either contain '*' only",
    ],
    [
      { excludedResources: ['*'] },
      "Invalid included/excluded resource lists: excludes list cannot contain '*'",
    ],
    [
      {
        includedClusterScopedResources: ['pv'],
        excludedClusterScopedResources: ['pv'],
      },
      'Invalid cluster-scoped included/excluded resource lists: excludes list cannot contain an item in the includes list: pv',
    ],
    [
      {
        includedNamespaceScopedResources: ['pods'],
        excludedNamespaceScopedResources: ['*'],
      },
      "Invalid namespace-scoped included/excluded resource lists: when exclude is '*', include cannot have value",
    ],
    [
      { includedNamespaces: ['Shop'] },
      'Invalid included/excluded namespace lists: invalid namespace "Shop"',
    ],
    [
      { includedNamespaces: ['{a,b}'] },
      'wildcard pattern contains unsupported characters',
    ],
    [
      { labelSelector: {}, orLabelSelectors: [{}] },
      'encountered labelSelector as well as orLabelSelectors in backup spec',
    ],
    [
      { labelSelector: { matchLabels: { a: 'not valid' } } },
      'spec.labelSelector.matchLabels["a"]: "not valid" is not a label value',
    ],
    [
      {
        orLabelSelectors: [
          { matchLabels: { a: 'b' } },
          { matchExpressions: [{ key: 'a', operator: 'In' }] },
        ],
      },
      'spec.orLabelSelectors[1].matchExpressions[0].values: the operator In needs at least one value',
    ],
    [{ ttl: 'soon' }, 'spec.ttl: "soon" is not a duration'],
    [{ ttl: '-1h' }, 'spec.ttl: -1h must not be negative'],
    [
      { itemOperationTimeout: '5' },
      'spec.itemOperationTimeout: "5" is not a duration',
    ],
    [
      { resourcePolicy: { kind: 'Secret', name: 'x' } },
      'spec.resourcePolicy.kind: "Secret" is not supported, use "configmap"',
    ],
    [
      { uploaderConfig: { parallelFilesUpload: -1 } },
      'spec.uploaderConfig.parallelFilesUpload: -1 must be a whole number',
    ],
    [
      {
        hooks: {
          resources: [{ name: 'h', post: [{ exec: { command: [] } }] }],
        },
      },
      'spec.hooks.resources[0].post[0].exec.command: must have at least one element',
    ],
    [
      { orderedResources: { pods: 'a/b/c' } },
      'spec.orderedResources["pods"]: "a/b/c" is not a list of names',
    ],
    [
      { volumeGroupSnapshotLabelKey: 'a b' },
      'spec.volumeGroupSnapshotLabelKey: "a b" is not a label key',
    ],
  ])('refuses %j', (spec, message) => {
    expect(validateBackupSpec(spec).join('\n')).toContain(message);
  });

  it('names every fault', () => {
    expect(
      validateBackupSpec({ ttl: 'x', csiSnapshotTimeout: 'y' }),
    ).toHaveLength(2);
  });
});

describe('validateLabelSelector', () => {
  it.each([
    [{ matchLabels: { 'a/b/c': 'd' } }, '"a/b/c" is not a label key'],
    [{ matchLabels: { 'UP.er/x': 'd' } }, 'is not a label key'],
    [{ matchLabels: { '': 'd' } }, '"" is not a label key'],
    [
      { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] },
      '"Gt" is not an operator: use In, NotIn, Exists or DoesNotExist',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['1'] }] },
      'the operator Exists takes no values',
    ],
  ])('refuses %j', (selector, message) => {
    expect(
      validateLabelSelector(selector as never, 'selector').join('\n'),
    ).toContain(message);
  });

  it.each([
    {
      matchLabels: { a: '1' },
      matchExpressions: [{ key: 'a', operator: 'In', values: ['2'] }],
    },
    {
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['1', '2'] },
        { key: 'a', operator: 'NotIn', values: ['1', '2', '3'] },
      ],
    },
    {
      matchExpressions: [
        { key: 'a', operator: 'Exists' },
        { key: 'a', operator: 'DoesNotExist' },
      ],
    },
    {
      matchLabels: { a: '1' },
      matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }],
    },
  ])('finds that nothing can match %j', selector => {
    expect(validateLabelSelector(selector as never, 'spec.x')).toEqual([
      'spec.x: no object can match, the requirements for the label "a" contradict each other',
    ]);
  });
});

describe('validateRestoreSpec', () => {
  it.each<RestoreSpec>([
    { backupName: 'b' },
    { scheduleName: 's', existingResourcePolicy: 'update' },
    {
      backupName: 'b',
      existingResourcePolicy: '',
      namespaceMapping: { shop: 'shop-copy' },
      restoreStatus: { includedResources: ['*'] },
      hooks: {
        resources: [
          {
            name: 'h',
            postHooks: [
              { exec: { command: ['true'], waitTimeout: '1m' } },
              {
                init: {
                  initContainers: [
                    { name: 'i', image: 'busybox', command: ['true'] },
                  ],
                },
              },
            ],
          },
        ],
      },
    },
  ])('accepts %j', spec => {
    expect(validateRestoreSpec(spec)).toEqual([]);
  });

  it.each<[RestoreSpec, string]>([
    [{}, 'Either a backup or schedule must be specified'],
    [{ backupName: 'b', scheduleName: 's' }, 'but not both'],
    [
      { backupName: 'b', includedResources: ['nodes'] },
      'nodes are non-restorable resources',
    ],
    [
      { backupName: 'b', existingResourcePolicy: 'replace' as never },
      'Invalid ExistingResourcePolicy: replace',
    ],
    [
      { backupName: 'b', namespaceMapping: { shop: 'Shop Copy' } },
      'spec.namespaceMapping["shop"]: invalid namespace "Shop Copy"',
    ],
    [
      { backupName: 'b', namespaceMapping: { '../x': 'y' } },
      'invalid namespace "../x"',
    ],
    [
      {
        backupName: 'b',
        hooks: { resources: [{ name: 'h', postHooks: [{}] }] },
      },
      'spec.hooks.resources[0].postHooks[0]: must have exactly one of exec and init',
    ],
    [
      { backupName: 'b', labelSelector: {}, orLabelSelectors: [{}] },
      'encountered labelSelector as well as orLabelSelectors in restore spec',
    ],
    [
      { backupName: 'b', restoreStatus: { excludedResources: ['*'] } },
      "spec.restoreStatus: excludes list cannot contain '*'",
    ],
  ])('refuses %j', (spec, message) => {
    expect(validateRestoreSpec(spec).join('\n')).toContain(message);
  });
});

describe('validateScheduleSpec', () => {
  it('accepts what cron understands', () => {
    expect(validateScheduleSpec({ schedule: '@every 1h' })).toEqual([]);
  });

  it('refuses the rest in words of Velero', () => {
    expect(validateScheduleSpec({ schedule: '' })).toEqual([
      'Schedule must be a non-empty valid Cron expression',
    ]);
    expect(validateScheduleSpec({ schedule: 'daily' })).toEqual([
      'invalid schedule: "daily" has 1 field: write five (minute, hour, day of month, month, day of week)',
    ]);
  });
});

describe('validateBackupStorageLocationSpec', () => {
  const spec = (
    change: Partial<BackupStorageLocationSpec>,
  ): BackupStorageLocationSpec => ({
    provider: 'aws',
    objectStorage: { bucket: 'b' },
    ...change,
  });

  it.each<BackupStorageLocationSpec>([
    spec({}),
    spec({
      config: {
        region: 'noobaa',
        s3Url: 'https://s3.openshift-storage.svc:443',
        s3ForcePathStyle: 'true',
        checksumAlgorithm: '',
        insecureSkipTLSVerify: '',
      },
      credential: { name: 'cloud-credentials', key: 'cloud' },
      backupSyncPeriod: '0',
      accessMode: 'ReadOnly',
    }),
    spec({
      objectStorage: {
        bucket: 'arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap',
        prefix: 'a/b',
      },
    }),
  ])('accepts %j', location => {
    expect(validateBackupStorageLocationSpec(location)).toEqual([]);
  });

  it.each<[BackupStorageLocationSpec, string]>([
    [spec({ provider: '' }), 'spec.provider: is required'],
    [spec({ objectStorage: undefined }), 'bucket: is required'],
    [
      spec({ objectStorage: { bucket: 'a/b' } }),
      '"a/b" must not contain a \'/\'',
    ],
    [
      spec({ objectStorage: { bucket: 'b', prefix: '../other' } }),
      "must not contain '..'",
    ],
    [
      spec({
        objectStorage: {
          bucket: 'b',
          caCert: 'x',
          caCertRef: { name: 'n', key: 'k' },
        },
      }),
      'cannot specify both caCert and caCertRef in objectStorage',
    ],
    [spec({ credential: { key: 'cloud' } }), 'spec.credential: must have'],
    [spec({ accessMode: 'WriteOnly' as never }), 'use ReadOnly or ReadWrite'],
    [
      spec({ config: { s3ForcePathStyle: true as never } }),
      'spec.config.s3ForcePathStyle: must be a text, write "true" in quotes',
    ],
    [
      spec({ config: { insecureSkipTLSVerify: 'yes' } }),
      '"yes" is not allowed, use "true" or "false"',
    ],
    [spec({ config: { s3Url: 's3.example.com' } }), 'is not a URL'],
    [spec({ config: { s3Url: 'ftp://x' } }), 'must start with http'],
    [spec({ config: { s3Url: 'https://x/bucket' } }), 'must not have a path'],
    [spec({ config: { s3Url: 'https://a:b@x' } }), 'must not hold credentials'],
    [spec({ validationFrequency: 'often' }), 'is not a duration'],
  ])('refuses %j', (location, message) => {
    const problems = validateBackupStorageLocationSpec(location);
    expect(problems.join('\n')).toContain(message);
  });

  it('does not repeat credentials in its message', () => {
    expect(
      validateBackupStorageLocationSpec(
        spec({ config: { s3Url: 'https://user:secret@x' } }),
      ).join(),
    ).not.toContain('secret@');
  });
});

describe('validateDeleteBackupRequestSpec', () => {
  it('needs the name of a backup', () => {
    expect(validateDeleteBackupRequestSpec({ backupName: 'b.1' })).toEqual([]);
    expect(validateDeleteBackupRequestSpec({})).toEqual([
      'spec.backupName is required',
    ]);
    expect(validateDeleteBackupRequestSpec(undefined)).toHaveLength(1);
    expect(
      validateDeleteBackupRequestSpec({ backupName: '../b' })[0],
    ).toContain('spec.backupName: "../b"');
  });
});

describe('lists', () => {
  it('limits the length of namespace names', () => {
    expect(
      validateNamespaceIncludesExcludes(['a'.repeat(64)], undefined),
    ).toEqual([
      `invalid namespace "${'a'.repeat(64)}": must be no more than 63 bytes`,
    ]);
  });

  it('lets a star stand alone in the lists of scoped filters', () => {
    expect(validateScopedIncludesExcludes([], ['*'])).toEqual([]);
    expect(validateScopedIncludesExcludes([], ['*', 'pods'])).toEqual([
      "excludes list must either contain '*' only, or a non-empty list of items",
    ]);
    expect(validateScopedIncludesExcludes(['*'], ['*'])).toEqual([
      "when exclude is '*', include cannot have value",
      'excludes list cannot contain an item in the includes list: *',
    ]);
  });
});
