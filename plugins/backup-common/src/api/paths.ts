const entityParameters = [
  { $ref: '#/components/parameters/kind' },
  { $ref: '#/components/parameters/namespace' },
  { $ref: '#/components/parameters/name' },
  { $ref: '#/components/parameters/cluster' },
] as const;

const backup = { $ref: '#/components/parameters/backup' } as const;
const restore = { $ref: '#/components/parameters/restore' } as const;
const schedule = { $ref: '#/components/parameters/schedule' } as const;
const ifNoneMatch = { $ref: '#/components/parameters/ifNoneMatch' } as const;
const limit = { $ref: '#/components/parameters/limit' } as const;
const cursor = { $ref: '#/components/parameters/cursor' } as const;

function json<Name extends string>(schema: Name, description: string) {
  return {
    description,
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schema}` as const },
      },
    },
  } as const;
}

function body<Name extends string>(schema: Name) {
  return {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schema}` as const },
      },
    },
  } as const;
}

const error = { $ref: '#/components/responses/Error' } as const;
const notModified = { $ref: '#/components/responses/NotModified' } as const;

/** Routes of the REST API, below /api/backup. */
export const paths = {
  '/entities/{kind}/{namespace}/{name}/protection': {
    get: {
      operationId: 'getProtection',
      summary: 'What is protected, how old the last point is, what is missing',
      parameters: [...entityParameters, ifNoneMatch],
      responses: {
        '200': json('Protection', 'State of the component'),
        '304': notModified,
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/backups': {
    get: {
      operationId: 'listRecoveryPoints',
      summary: 'Recovery points of the component, newest first',
      parameters: [...entityParameters, limit, cursor, ifNoneMatch],
      responses: {
        '200': json('RecoveryPointList', 'Recovery points'),
        '304': notModified,
        default: error,
      },
    },
    post: {
      operationId: 'createRecoveryPoint',
      summary: 'Back up the component now',
      parameters: entityParameters,
      requestBody: body('CreateRecoveryPointRequest'),
      responses: {
        '201': json('RecoveryPoint', 'The new recovery point'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/backups/{backup}': {
    get: {
      operationId: 'getRecoveryPoint',
      summary: 'One recovery point with its resources and findings',
      parameters: [...entityParameters, backup, ifNoneMatch],
      responses: {
        '200': json('RecoveryPointDetail', 'The recovery point'),
        '304': notModified,
        default: error,
      },
    },
    delete: {
      operationId: 'deleteRecoveryPoint',
      summary: 'Delete the recovery point and its data, for good',
      parameters: [...entityParameters, backup],
      responses: {
        '202': json('DeletionRequest', 'The deletion was asked for'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/backups/{backup}/logs': {
    get: {
      operationId: 'getRecoveryPointLogs',
      summary: 'Log of the backup run',
      parameters: [...entityParameters, backup, ifNoneMatch],
      responses: {
        '200': json('Logs', 'Log lines of this component'),
        '304': notModified,
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/backups/{backup}/cancel': {
    post: {
      operationId: 'cancelRecoveryPoint',
      summary: 'Ask for a waiting or running backup to be stopped',
      parameters: [...entityParameters, backup],
      responses: {
        '202': json('RecoveryPoint', 'The cancellation was asked for'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/backups/{backup}/restore-preview': {
    post: {
      operationId: 'previewRestore',
      summary: 'What a restore would create, leave alone and refuse',
      parameters: [...entityParameters, backup],
      requestBody: body('RestorePreviewRequest'),
      responses: {
        '200': json('RestorePreview', 'The preview'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/restores': {
    get: {
      operationId: 'listRestores',
      summary: 'Restores of the component, newest first',
      parameters: [...entityParameters, limit, cursor, ifNoneMatch],
      responses: {
        '200': json('RestoreRunList', 'Restores'),
        '304': notModified,
        default: error,
      },
    },
    post: {
      operationId: 'createRestore',
      summary: 'Restore a recovery point as a copy or in place',
      parameters: entityParameters,
      requestBody: body('CreateRestoreRequest'),
      responses: {
        '201': json('RestoreRun', 'The new restore'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/restores/{restore}': {
    get: {
      operationId: 'getRestore',
      summary: 'One restore with its objects and findings',
      parameters: [...entityParameters, restore, ifNoneMatch],
      responses: {
        '200': json('RestoreRunDetail', 'The restore'),
        '304': notModified,
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/restores/{restore}/logs': {
    get: {
      operationId: 'getRestoreLogs',
      summary: 'Log of the restore run',
      parameters: [...entityParameters, restore, ifNoneMatch],
      responses: {
        '200': json('Logs', 'Log lines of this component'),
        '304': notModified,
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/restores/{restore}/cancel': {
    post: {
      operationId: 'cancelRestore',
      summary: 'Ask for a waiting or running restore to be stopped',
      parameters: [...entityParameters, restore],
      responses: {
        '202': json('RestoreRun', 'The cancellation was asked for'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/restores/{restore}/undo': {
    post: {
      operationId: 'undoRestore',
      summary:
        'Ask for the volumes that claims had before a restore in place; objects stay as they are',
      parameters: [...entityParameters, restore],
      responses: {
        '202': json('RestoreRun', 'The old volumes were asked for'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/schedules': {
    get: {
      operationId: 'listSchedules',
      summary: 'Schedules of the component',
      parameters: [...entityParameters, ifNoneMatch],
      responses: {
        '200': json('BackupScheduleList', 'Schedules'),
        '304': notModified,
        default: error,
      },
    },
    post: {
      operationId: 'createSchedule',
      summary: 'Back up the component regularly',
      parameters: entityParameters,
      requestBody: body('CreateScheduleRequest'),
      responses: {
        '201': json('BackupSchedule', 'The new schedule'),
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/schedules/{schedule}': {
    patch: {
      operationId: 'updateSchedule',
      summary: 'Change, pause or resume a schedule',
      parameters: [...entityParameters, schedule],
      requestBody: body('UpdateScheduleRequest'),
      responses: {
        '200': json('BackupSchedule', 'The changed schedule'),
        default: error,
      },
    },
    delete: {
      operationId: 'deleteSchedule',
      summary: 'Delete a schedule; its recovery points stay',
      parameters: [...entityParameters, schedule],
      responses: {
        '204': { description: 'Deleted' },
        default: error,
      },
    },
  },
  '/entities/{kind}/{namespace}/{name}/schedules/{schedule}/run': {
    post: {
      operationId: 'runSchedule',
      summary: 'Run a schedule now',
      parameters: [...entityParameters, schedule],
      responses: {
        '201': json('RecoveryPoint', 'The new recovery point'),
        default: error,
      },
    },
  },
  '/status': {
    get: {
      operationId: 'getStatus',
      summary: 'Clusters, engines and storage of the installation, for admins',
      parameters: [ifNoneMatch],
      responses: {
        '200': json('Status', 'The installation'),
        '304': notModified,
        default: error,
      },
    },
  },
} as const;
