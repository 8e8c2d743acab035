const count = { type: 'integer', minimum: 0 } as const;
const time = {
  type: 'string',
  format: 'date-time',
  description: 'RFC 3339, UTC',
} as const;

const runState = {
  type: 'string',
  enum: [
    'waiting',
    'running',
    'needs-attention',
    'done',
    'failed',
    'cancelled',
    'deleting',
  ],
  description:
    'State of a run in words for developers; the raw phase stands beside it',
} as const;

/** How far data is on its way; what is not known yet is absent. */
const transfer = {
  bytesDone: count,
  bytesTotal: count,
  bytesPerSecond: { ...count, description: 'Over the last seconds' },
  secondsLeft: count,
} as const;

const progress = {
  type: 'object',
  required: ['itemsDone', 'itemsTotal'],
  properties: {
    itemsDone: count,
    itemsTotal: count,
    volumes: {
      type: 'object',
      required: ['done', 'total', 'bytesDone'],
      description: 'The data of the volumes that are under way, together',
      properties: { done: count, total: count, ...transfer },
    },
  },
} as const;

const engineState = {
  type: 'object',
  required: ['state'],
  properties: {
    state: {
      type: 'string',
      enum: ['running', 'stopped', 'paused', 'unknown'],
    },
    message: { type: 'string' },
    warnings: {
      type: 'array',
      items: { type: 'string' },
      description: 'What an administrator should see to',
    },
  },
} as const;

const storageState = {
  type: 'object',
  required: ['name', 'state'],
  properties: {
    name: { type: 'string' },
    state: { type: 'string', enum: ['available', 'unavailable', 'unknown'] },
    message: { type: 'string' },
    lastValidated: time,
  },
} as const;

const recoveryPointProperties = {
  name: { type: 'string' },
  cluster: { type: 'string' },
  state: { $ref: '#/components/schemas/RunState' },
  phase: { type: 'string', description: 'The phase as the resource has it' },
  createdAt: time,
  startedAt: time,
  completedAt: time,
  expiresAt: time,
  progress: { $ref: '#/components/schemas/Progress' },
  objects: { ...count, description: 'Objects in the recovery point' },
  volumes: {
    type: 'object',
    required: ['count', 'included'],
    description: 'Volumes that belong to it, and those whose data is in it',
    properties: { count, included: count },
  },
  warnings: count,
  errors: count,
  reason: { type: 'string', description: 'First cause, in plain words' },
  note: { type: 'string', description: 'What the person wrote when asking' },
  trigger: { $ref: '#/components/schemas/Trigger' },
  requestedBy: { type: 'string', description: 'Entity ref of the requester' },
  restorable: { type: 'boolean' },
  sizeBytes: { ...count, description: 'Size in storage, bytes' },
} as const;

const recoveryPointRequired = [
  'name',
  'cluster',
  'state',
  'phase',
  'createdAt',
  'warnings',
  'errors',
  'trigger',
  'restorable',
] as const;

const restoreRunProperties = {
  name: { type: 'string' },
  cluster: { type: 'string' },
  backup: { type: 'string', description: 'Name of the recovery point' },
  state: { $ref: '#/components/schemas/RunState' },
  phase: { type: 'string', description: 'The phase as the resource has it' },
  createdAt: time,
  startedAt: time,
  completedAt: time,
  progress: { $ref: '#/components/schemas/Progress' },
  sourceNamespace: { type: 'string' },
  targetNamespace: { type: 'string' },
  inPlace: { type: 'boolean' },
  safetyPoint: {
    type: 'string',
    description: 'Recovery point that was made before a restore in place',
  },
  warnings: count,
  errors: count,
  reason: { type: 'string', description: 'First cause, in plain words' },
  requestedBy: { type: 'string', description: 'Entity ref of the requester' },
  targetUrl: {
    type: 'string',
    description: 'Where the restored application can be opened, if known',
  },
  undo: { $ref: '#/components/schemas/RestoreUndo' },
} as const;

const restoreRunRequired = [
  'name',
  'cluster',
  'backup',
  'state',
  'phase',
  'createdAt',
  'sourceNamespace',
  'targetNamespace',
  'inPlace',
  'warnings',
  'errors',
] as const;

const phases = {
  type: 'array',
  items: { $ref: '#/components/schemas/PhaseStep' },
} as const;

const findings = {
  type: 'array',
  items: { $ref: '#/components/schemas/Finding' },
} as const;

/** Schemas of the REST API: what is sent and what is answered. */
export const schemas = {
  RunState: runState,
  Progress: progress,
  EngineState: engineState,
  StorageState: storageState,

  Problem: {
    type: 'object',
    required: ['code', 'title', 'message'],
    description:
      'Something that a person can put right, with the exact command or YAML',
    properties: {
      code: {
        type: 'string',
        enum: [
          'annotation-missing',
          'cluster-unknown',
          'choose-cluster',
          'namespace-missing',
          'consent-missing',
          'selector-invalid',
          'not-owner',
          'cluster-unreachable',
          'engine-stopped',
          'storage-unavailable',
          'no-storage-location',
          'target-not-allowed',
          'not-restorable',
        ],
      },
      title: { type: 'string' },
      message: { type: 'string' },
      command: { type: 'string', description: 'A command that puts it right' },
      yaml: { type: 'string', description: 'YAML that puts it right' },
      owner: {
        type: 'string',
        description: 'Entity ref of who owns the entity, or who can help',
      },
    },
  },

  ClusterChoice: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, title: { type: 'string' } },
  },

  Target: {
    type: 'object',
    required: ['cluster', 'namespace', 'controlNamespace'],
    properties: {
      cluster: { type: 'string' },
      namespace: { type: 'string' },
      selector: {
        type: 'string',
        description: 'Effective label selector; absent for a whole namespace',
      },
      controlNamespace: {
        type: 'string',
        description: 'Namespace of the Backup and Restore resources',
      },
    },
  },

  Protection: {
    type: 'object',
    required: [
      'state',
      'reason',
      'clusters',
      'engine',
      'storage',
      'permissions',
    ],
    properties: {
      state: {
        type: 'string',
        enum: ['protected', 'at-risk', 'unprotected', 'unknown'],
      },
      reason: { type: 'string', description: 'One sentence' },
      target: { $ref: '#/components/schemas/Target' },
      clusters: {
        type: 'array',
        items: { $ref: '#/components/schemas/ClusterChoice' },
      },
      problem: { $ref: '#/components/schemas/Problem' },
      engine: { $ref: '#/components/schemas/EngineState' },
      storage: {
        type: 'array',
        items: { $ref: '#/components/schemas/StorageState' },
      },
      lastPoint: {
        type: 'object',
        required: ['name', 'completedAt'],
        properties: {
          name: { type: 'string' },
          completedAt: time,
          objects: count,
          volumes: { ...count, description: 'Whose data is in it' },
        },
      },
      nextRun: time,
      objectCount: {
        ...count,
        description:
          'Workloads, settings, volumes and the like that the component selects now; a backup also takes what belongs to them',
      },
      volumeCount: count,
      permissions: {
        type: 'object',
        required: ['create', 'delete', 'restore', 'schedule'],
        properties: {
          create: { type: 'boolean' },
          delete: { type: 'boolean' },
          restore: { type: 'boolean' },
          schedule: { type: 'boolean' },
        },
      },
    },
  },

  Trigger: {
    type: 'object',
    required: ['type'],
    properties: {
      type: { type: 'string', enum: ['manual', 'schedule', 'api'] },
      schedule: { type: 'string' },
    },
  },

  RecoveryPoint: {
    type: 'object',
    required: recoveryPointRequired,
    properties: recoveryPointProperties,
  },

  RecoveryPointList: {
    type: 'object',
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        items: { $ref: '#/components/schemas/RecoveryPoint' },
      },
      nextCursor: { type: 'string' },
    },
  },

  Finding: {
    type: 'object',
    required: ['scope', 'message'],
    properties: {
      scope: { type: 'string', enum: ['backup', 'cluster', 'namespace'] },
      namespace: { type: 'string' },
      message: { type: 'string' },
    },
  },

  PhaseStep: {
    type: 'object',
    required: ['phase'],
    properties: { phase: { type: 'string' }, at: time },
  },

  ResourceGroup: {
    type: 'object',
    required: ['kind', 'apiVersion', 'objects'],
    properties: {
      kind: { type: 'string' },
      apiVersion: { type: 'string' },
      objects: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names, without the namespace',
      },
    },
  },

  VolumeFinding: {
    type: 'object',
    required: ['pvc', 'namespace', 'included', 'state'],
    properties: {
      pvc: {
        type: 'string',
        description: "The claim, or the name of a pod's own volume",
      },
      pod: {
        type: 'string',
        description: "The pod, for a volume that is the pod's own",
      },
      namespace: { type: 'string' },
      included: {
        type: 'boolean',
        description:
          'Its data is in the recovery point, or was brought back; false while that is not certain',
      },
      state: {
        type: 'string',
        enum: ['waiting', 'running', 'done', 'failed', 'cancelled', 'skipped'],
      },
      method: {
        type: 'string',
        enum: ['snapshot-moved', 'file-system', 'snapshot-kept'],
        description:
          'A snapshot whose data is moved to the backup storage, its files, or a snapshot that stays in the storage system',
      },
      reason: { type: 'string' },
      resource: {
        type: 'object',
        required: ['kind', 'name', 'phase'],
        description: 'The resource that moves the data',
        properties: {
          kind: { type: 'string' },
          name: { type: 'string' },
          phase: { type: 'string' },
        },
      },
      startedAt: time,
      completedAt: time,
      ...transfer,
      filesDone: count,
      filesTotal: count,
      sizeBytes: { ...count, description: 'All of its data' },
      newBytes: {
        ...count,
        description: 'Data of new and changed files since the last backup',
      },
      storedBytes: {
        ...count,
        description: 'What the backup storage had to take, compressed',
      },
    },
  },

  RecoveryPointDetail: {
    type: 'object',
    required: [
      ...recoveryPointRequired,
      'uid',
      'target',
      'storageLocation',
      'resources',
      'warningsList',
      'errorsList',
      'volumesList',
      'kubectl',
      'phases',
      'notes',
    ],
    properties: {
      ...recoveryPointProperties,
      uid: { type: 'string' },
      target: { $ref: '#/components/schemas/Target' },
      storageLocation: { type: 'string' },
      resources: {
        type: 'array',
        items: { $ref: '#/components/schemas/ResourceGroup' },
      },
      warningsList: findings,
      errorsList: findings,
      volumesList: {
        type: 'array',
        items: { $ref: '#/components/schemas/VolumeFinding' },
      },
      kubectl: {
        type: 'string',
        description: 'Command that shows the resource',
      },
      phases,
      notes: {
        type: 'array',
        items: { type: 'string' },
        description: 'What to know, e.g. which data is not included',
      },
    },
  },

  CreateRecoveryPointRequest: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: {
        type: 'string',
        maxLength: 63,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
        description: 'Chosen name; generated when absent',
      },
      ttl: {
        type: 'string',
        maxLength: 32,
        pattern: '^([0-9]+(\\.[0-9]+)?(h|m|s))+$',
        description: 'How long it is kept, e.g. 720h',
      },
      note: { type: 'string', maxLength: 500 },
    },
  },

  DeletionRequest: {
    type: 'object',
    required: ['name', 'backup', 'createdAt'],
    properties: {
      name: { type: 'string' },
      backup: { type: 'string' },
      createdAt: time,
    },
  },

  LogLine: {
    type: 'object',
    required: ['message'],
    properties: {
      time: { type: 'string' },
      level: { type: 'string' },
      message: { type: 'string' },
    },
  },

  Logs: {
    type: 'object',
    required: ['lines', 'complete', 'truncated'],
    properties: {
      lines: {
        type: 'array',
        items: { $ref: '#/components/schemas/LogLine' },
      },
      complete: {
        type: 'boolean',
        description: 'The run is over and its log is in storage',
      },
      truncated: {
        type: 'boolean',
        description: 'There is more than one answer may hold',
      },
    },
  },

  RestorePreviewRequest: {
    type: 'object',
    additionalProperties: false,
    properties: {
      targetNamespace: { type: 'string', minLength: 1, maxLength: 253 },
      inPlace: { type: 'boolean' },
      existingResourcePolicy: { type: 'string', enum: ['none', 'update'] },
    },
  },

  RestorePreview: {
    type: 'object',
    required: [
      'backup',
      'sourceNamespace',
      'targetNamespace',
      'suggestedNamespace',
      'namespaceState',
      'allowed',
      'problems',
      'resources',
      'totals',
      'notes',
    ],
    properties: {
      backup: { type: 'string' },
      sourceNamespace: { type: 'string' },
      targetNamespace: { type: 'string' },
      suggestedNamespace: {
        type: 'string',
        description: 'A free name that the allowed patterns permit',
      },
      allowedPatterns: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names that a new namespace may have, * for anything',
      },
      namespaceState: {
        type: 'string',
        enum: ['new', 'existing', 'forbidden'],
      },
      allowed: { type: 'boolean' },
      problems: {
        type: 'array',
        items: { $ref: '#/components/schemas/Problem' },
      },
      resources: {
        type: 'array',
        items: {
          type: 'object',
          required: [
            'kind',
            'apiVersion',
            'create',
            'update',
            'exists',
            'skipped',
          ],
          properties: {
            kind: { type: 'string' },
            apiVersion: { type: 'string' },
            create: count,
            update: { ...count, description: 'There, and would be changed' },
            exists: { ...count, description: 'There, and left alone' },
            skipped: {
              type: 'array',
              items: {
                type: 'object',
                required: ['name', 'reason'],
                properties: {
                  name: { type: 'string' },
                  reason: { type: 'string' },
                },
              },
            },
          },
        },
      },
      totals: {
        type: 'object',
        required: ['create', 'update', 'exists', 'skipped'],
        properties: {
          create: count,
          update: count,
          exists: count,
          skipped: count,
        },
      },
      volumes: {
        type: 'array',
        description: 'What becomes of the data of each volume',
        items: {
          type: 'object',
          required: ['name', 'method'],
          properties: {
            name: { type: 'string' },
            method: {
              type: 'string',
              enum: [
                'download',
                'files',
                'snapshot',
                'in-place',
                'empty',
                'lost',
              ],
            },
            reason: { type: 'string' },
            sizeBytes: count,
          },
        },
      },
      notes: { type: 'array', items: { type: 'string' } },
    },
  },

  CreateRestoreRequest: {
    type: 'object',
    additionalProperties: false,
    required: ['backup'],
    properties: {
      backup: { type: 'string', minLength: 1, maxLength: 253 },
      targetNamespace: {
        type: 'string',
        minLength: 1,
        maxLength: 253,
        description: 'For a copy; exactly one of this and inPlace',
      },
      inPlace: { type: 'boolean' },
      existingResourcePolicy: {
        type: 'string',
        enum: ['none', 'update'],
        description: 'What happens to objects that exist; default none',
      },
      skipSafetyPoint: {
        type: 'boolean',
        description:
          'Restore in place without making a recovery point first; default false',
      },
      safetyPoint: {
        type: 'string',
        minLength: 1,
        maxLength: 253,
        description:
          'Recovery point that the caller has made for a restore in place: complete and at most 15 minutes old. Without it one is made and waited for.',
      },
    },
  },

  RestoreUndo: {
    type: 'object',
    required: ['state', 'possible', 'claims'],
    description:
      'Of a restore that gave claims new volumes: whether they can have their old ones back, and what became of asking for that',
    properties: {
      state: {
        type: 'string',
        enum: [
          'available',
          'expired',
          'requested',
          'running',
          'done',
          'refused',
          'failed',
        ],
      },
      possible: { type: 'boolean', description: 'Whether it may be asked for' },
      claims: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names of the claims',
      },
      until: {
        ...time,
        description:
          'Until when the volumes that the claims do not have are kept: those from before the restore, or once it is undone those with the restored data',
      },
      keptSeconds: {
        ...count,
        description:
          'How long the volumes with the restored data are kept after it was undone',
      },
      message: {
        type: 'string',
        description: 'What became of the last request, in plain words',
      },
    },
  },

  RestoreRun: {
    type: 'object',
    required: restoreRunRequired,
    properties: restoreRunProperties,
  },

  RestoreRunList: {
    type: 'object',
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        items: { $ref: '#/components/schemas/RestoreRun' },
      },
      nextCursor: { type: 'string' },
    },
  },

  RestoreRunDetail: {
    type: 'object',
    required: [
      ...restoreRunRequired,
      'uid',
      'target',
      'resources',
      'warningsList',
      'errorsList',
      'volumesList',
      'kubectl',
      'phases',
      'notes',
    ],
    properties: {
      ...restoreRunProperties,
      uid: { type: 'string' },
      target: { $ref: '#/components/schemas/Target' },
      resources: {
        type: 'array',
        items: {
          type: 'object',
          required: ['kind', 'apiVersion', 'objects'],
          properties: {
            kind: { type: 'string' },
            apiVersion: { type: 'string' },
            objects: {
              type: 'array',
              items: {
                type: 'object',
                required: ['name', 'result'],
                properties: {
                  name: { type: 'string' },
                  result: {
                    type: 'string',
                    enum: ['created', 'updated', 'failed', 'skipped'],
                  },
                },
              },
            },
          },
        },
      },
      warningsList: findings,
      errorsList: findings,
      volumesList: {
        type: 'array',
        items: { $ref: '#/components/schemas/VolumeFinding' },
      },
      kubectl: {
        type: 'string',
        description: 'Command that shows the resource',
      },
      phases,
      notes: { type: 'array', items: { type: 'string' } },
    },
  },

  BackupSchedule: {
    type: 'object',
    required: ['name', 'cluster', 'cron', 'paused', 'state', 'nextRuns'],
    properties: {
      name: { type: 'string' },
      cluster: { type: 'string' },
      cron: { type: 'string' },
      timeZone: { type: 'string', description: 'IANA name; UTC when absent' },
      paused: { type: 'boolean' },
      state: { type: 'string', enum: ['enabled', 'invalid', 'new'] },
      reason: { type: 'string' },
      lastRun: time,
      nextRuns: {
        type: 'array',
        items: time,
        description: 'The next five runs; empty while paused or invalid',
      },
      ttl: { type: 'string' },
      requestedBy: { type: 'string' },
    },
  },

  BackupScheduleList: {
    type: 'object',
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        items: { $ref: '#/components/schemas/BackupSchedule' },
      },
    },
  },

  CreateScheduleRequest: {
    type: 'object',
    additionalProperties: false,
    required: ['cron'],
    properties: {
      cron: { type: 'string', minLength: 1, maxLength: 100 },
      timeZone: { type: 'string', minLength: 1, maxLength: 64 },
      ttl: {
        type: 'string',
        maxLength: 32,
        pattern: '^([0-9]+(\\.[0-9]+)?(h|m|s))+$',
      },
      paused: { type: 'boolean' },
    },
  },

  UpdateScheduleRequest: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      cron: { type: 'string', minLength: 1, maxLength: 100 },
      timeZone: { type: 'string', minLength: 1, maxLength: 64 },
      ttl: {
        type: 'string',
        maxLength: 32,
        pattern: '^([0-9]+(\\.[0-9]+)?(h|m|s))+$',
      },
      paused: { type: 'boolean' },
    },
  },

  Status: {
    type: 'object',
    required: ['engine', 'clusters'],
    properties: {
      engine: {
        type: 'object',
        required: ['mode', 'state', 'restarts'],
        properties: {
          mode: { type: 'string', enum: ['builtin', 'external', 'velero'] },
          state: {
            type: 'string',
            enum: [
              'not-managed',
              'starting',
              'running',
              'backing-off',
              'stopped',
            ],
          },
          message: { type: 'string' },
          restarts: count,
        },
      },
      clusters: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'reachable', 'engine', 'storage'],
          properties: {
            name: { type: 'string' },
            title: { type: 'string' },
            reachable: { type: 'boolean' },
            message: { type: 'string' },
            version: { type: 'string' },
            engine: { $ref: '#/components/schemas/EngineState' },
            storage: {
              type: 'array',
              items: { $ref: '#/components/schemas/StorageState' },
            },
          },
        },
      },
    },
  },

  Error: {
    type: 'object',
    required: ['error'],
    description: "Backstage's error body; the problem is in error.problem",
    properties: {
      error: {
        type: 'object',
        required: ['name', 'message'],
        properties: {
          name: { type: 'string' },
          message: { type: 'string' },
          problem: { $ref: '#/components/schemas/Problem' },
        },
      },
      request: {
        type: 'object',
        properties: { method: { type: 'string' }, url: { type: 'string' } },
      },
      response: {
        type: 'object',
        properties: { statusCode: { type: 'integer' } },
      },
    },
  },
} as const;
