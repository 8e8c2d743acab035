import packageJson from '../../package.json';

const text = { type: 'string', minLength: 1 } as const;
const texts = { type: 'object', additionalProperties: { type: 'string' } };
const count = (initial: number) =>
  ({ type: 'integer', minimum: 1, maximum: 1000, default: initial } as const);
const seconds = (initial: number) =>
  ({ type: 'integer', minimum: 1, default: initial } as const);
/** 0 is used as `no limit` by Velero's podResources, which an empty text means too. */
const quantity = {
  type: 'string',
  pattern: '^(\\d+(\\.\\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)?$',
} as const;

function section(properties: object, required?: string[]) {
  return {
    type: 'object',
    additionalProperties: false,
    properties,
    ...(required ? { required } : {}),
  };
}

const nodeSelector = section({
  matchLabels: texts,
  matchExpressions: {
    type: 'array',
    items: section(
      {
        key: text,
        operator: {
          enum: ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'],
        },
        values: { type: 'array', items: { type: 'string' } },
      },
      ['key', 'operator'],
    ),
  },
});

const podResources = section({
  cpuRequest: quantity,
  memoryRequest: quantity,
  cpuLimit: quantity,
  memoryLimit: quantity,
});

const userNumber = { type: 'integer', minimum: 1, maximum: 2 ** 32 - 2 };

const dataMover = {
  ...section({
    image: {
      ...text,
      default: `ghcr.io/lifeboat-dev/data-mover:${packageJson.version}`,
    },
    imagePullPolicy: { enum: ['IfNotPresent', 'Always', 'Never'] },
    imagePullSecrets: { type: 'array', items: text },
    serviceAccount: { ...text, default: 'lifeboat-mover' },
    runAsNonRoot: section({ user: userNumber, group: userNumber }, ['user']),
    prepareTimeoutSeconds: seconds(1800),
    podResources,
    priorityClassName: text,
    podLabels: texts,
    podAnnotations: texts,
    tolerations: {
      type: 'array',
      items: section({
        key: text,
        operator: { enum: ['Exists', 'Equal'] },
        value: { type: 'string' },
        effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
        tolerationSeconds: { type: 'integer', minimum: 0 },
      }),
    },
    loadAffinity: {
      type: 'array',
      items: section({ nodeSelector, storageClass: text }, ['nodeSelector']),
    },
    loadConcurrency: {
      ...section({
        globalConfig: count(2),
        overall: count(8),
        perNodeConfig: {
          type: 'array',
          items: section(
            {
              nodeSelector,
              number: { type: 'integer', minimum: 1, maximum: 1000 },
            },
            ['nodeSelector', 'number'],
          ),
        },
      }),
      default: {},
    },
    backupPVC: {
      type: 'object',
      additionalProperties: section({
        storageClass: text,
        readOnly: { type: 'boolean' },
        annotations: texts,
      }),
    },
    restorePVC: section({ ignoreDelayBinding: { type: 'boolean' } }),
    parallelFiles: { type: 'integer', minimum: 1, maximum: 256 },
    memoryLimitMiB: { type: 'integer', minimum: 64 },
  }),
  default: {},
};

/** The settings about volume data, a part of the configuration's schema. */
export const dataPathSchema = {
  dataMover,
  fileSystemBackup: {
    ...section({
      enabled: { type: 'boolean', default: false },
      hostPodsPath: {
        type: 'string',
        pattern: '^/.*[^/]$',
        default: '/var/lib/kubelet/pods',
      },
      privileged: { type: 'boolean' },
    }),
    default: {},
  },
  repositories: {
    ...section({
      password: {
        enum: ['installation', 'repository'],
        default: 'installation',
      },
      maintenance: {
        ...section({
          frequencySeconds: seconds(3600),
          fullIntervalHours: seconds(24),
          keepJobs: { type: 'integer', minimum: 0, maximum: 100, default: 3 },
          podResources,
        }),
        default: {},
      },
    }),
    default: {},
  },
  hooks: {
    ...section({
      enabled: { type: 'boolean', default: true },
      namespaces: { type: 'array', items: text },
      maxOutputBytes: {
        type: 'integer',
        minimum: 0,
        maximum: 2 ** 24,
        default: 65536,
      },
    }),
    default: {},
  },
  volumes: {
    ...section({
      undoSeconds: seconds(72 * 3600),
      csiSnapshotTimeoutSeconds: seconds(600),
    }),
    default: {},
  },
};
