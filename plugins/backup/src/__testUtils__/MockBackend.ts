import type {
  BackupSchedule,
  Logs,
  Problem,
  Protection,
  RecoveryPoint,
  RecoveryPointDetail,
  RestorePreview,
  RestorePreviewRequest,
  RestoreRun,
  RestoreRunDetail,
  VolumeFinding,
} from '@lifeboat/backstage-plugin-backup-common';
import { previewCron } from '../format/describeCron';
import { runLog, shopKinds, target } from './shop';

/** The states of the tab that a mock can be in. */
export const scenarios = [
  'protected',
  'empty',
  'run-failed',
  'no-annotation',
  'no-consent',
  'not-owner',
  'choose-cluster',
  'storage-unavailable',
  'engine-stopped',
  'engine-paused',
  'read-only',
  'many',
] as const;
/** One of the states of the tab. */
export type Scenario = (typeof scenarios)[number];

/** Problems as the backend words them. */
export const problems: Record<string, Problem> = {
  'no-annotation': {
    code: 'annotation-missing',
    title: 'This component does not say where it runs',
    message:
      'Without a namespace the backup plugin cannot know which objects belong to orders.',
    yaml: 'metadata:\n  annotations:\n    backstage.io/kubernetes-cluster: demo\n    backstage.io/kubernetes-namespace: shop',
  },
  'no-consent': {
    code: 'consent-missing',
    title: 'Namespace shop does not agree to backups of this component',
    message:
      'The platform team agrees by an annotation on the namespace. Until then nothing in it is read.',
    command: `kubectl annotate namespace shop 'lifeboat.dev/entities=["component:default/orders"]'`,
  },
  'not-owner': {
    code: 'not-owner',
    title: 'Only the owner can see these backups',
    message: 'You are not a member of the team that owns this component.',
    owner: 'group:default/team-payments',
  },
  'choose-cluster': {
    code: 'choose-cluster',
    title: 'This component may run on several clusters',
    message: 'Choose the one whose backups you want to see.',
    yaml: 'metadata:\n  annotations:\n    backstage.io/kubernetes-cluster: prod',
  },
  'storage-unavailable': {
    code: 'storage-unavailable',
    title: 'The backup storage is unavailable',
    message:
      'Storage location default has been unreachable for 20 minutes: the bucket lifeboat does not exist.',
    command:
      'kubectl describe backupstoragelocations.velero.io default -n openshift-adp',
  },
  'engine-stopped': {
    code: 'engine-stopped',
    title: 'The backup engine is stopped',
    message: 'No engine holds the lease on cluster demo.',
    command: 'kubectl get lease lifeboat-engine -n openshift-adp -o yaml',
  },
};

const mebibyte = 1024 ** 2;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Objects that the application has, all kinds together. */
export const objectCount = shopKinds.reduce(
  (sum, { objects }) => sum + objects.length,
  0,
);

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** The backup plugin's backend in memory: what was asked for happens, over a few seconds. */
export class MockBackend {
  points: RecoveryPoint[] = [];
  restores: RestoreRun[] = [];
  schedules: BackupSchedule[] = [];
  /** What restores were asked for, as it was asked. */
  readonly restoreRequests: object[] = [];
  #counter = 0;
  /** When the undoing of a restore was asked for. */
  readonly #undoAsked = new Map<RestoreRun, number>();

  /** What administrators are told. */
  engineWarnings: string[] = [];

  constructor(
    readonly scenario: Scenario = 'protected',
    readonly clock: () => number = Date.now,
    /** Time that a mocked run takes. */
    readonly runMs: number = 6_000,
  ) {
    const now = clock();
    if (scenario !== 'empty') {
      const count = scenario === 'many' ? 2_000 : 14;
      this.points = Array.from({ length: count }, (_, index) =>
        this.#finishedPoint(
          now -
            42 * minute -
            index * (scenario === 'many' ? hour / 4 : 17 * hour),
          index,
        ),
      );
      this.restores = [
        this.#finishedRestore('shop-restore-1121', now - 26 * hour),
      ];
      this.schedules = [this.#schedule('orders-nightly', '0 2 * * *', false)];
    }
    if (scenario === 'run-failed') {
      this.points.unshift({
        ...this.#finishedPoint(now - 3 * minute, 900),
        state: 'failed',
        phase: 'FailedValidation',
        restorable: false,
        objects: undefined,
        volumes: undefined,
        sizeBytes: undefined,
        errors: 1,
        reason:
          'The storage location default refused the upload: access denied.',
      });
    }
  }

  #name(prefix: string): string {
    this.#counter += 1;
    return `${prefix}-${String(this.#counter).padStart(2, '0')}`;
  }

  #finishedPoint(createdAt: number, index: number): RecoveryPoint {
    const attention = index === 2;
    return {
      name: `orders-${iso(createdAt).slice(0, 16).replace(/\D/g, '')}${index}`,
      cluster: 'demo',
      state: attention ? 'needs-attention' : 'done',
      phase: attention ? 'PartiallyFailed' : 'Completed',
      createdAt: iso(createdAt),
      startedAt: iso(createdAt + 1_000),
      completedAt: iso(createdAt + 135_000),
      expiresAt: iso(createdAt + 30 * day),
      objects: attention ? objectCount - 1 : objectCount,
      volumes: { count: 1, included: attention ? 0 : 1 },
      warnings: 1,
      errors: attention ? 1 : 0,
      reason: attention
        ? 'ConfigMap orders-settings could not be read: forbidden.'
        : undefined,
      trigger:
        index % 3 === 0
          ? { type: 'manual' }
          : { type: 'schedule', schedule: 'orders-nightly' },
      requestedBy: index % 3 === 0 ? 'user:default/guest-developer' : undefined,
      restorable: true,
      sizeBytes: 96_480 + index * 1_024,
    };
  }

  #finishedRestore(namespace: string, createdAt: number): RestoreRun {
    return {
      name: `orders-to-${namespace}`,
      cluster: 'demo',
      backup: this.points[1].name,
      state: 'done',
      phase: 'Completed',
      createdAt: iso(createdAt),
      startedAt: iso(createdAt),
      completedAt: iso(createdAt + 4_000),
      progress: { itemsDone: objectCount, itemsTotal: objectCount },
      sourceNamespace: 'shop',
      targetNamespace: namespace,
      inPlace: false,
      warnings: 0,
      errors: 0,
      requestedBy: 'user:default/guest-developer',
      targetUrl: `/demo/${namespace}/`,
    };
  }

  #schedule(name: string, cron: string, paused: boolean): BackupSchedule {
    const preview = previewCron(cron, 'UTC', this.clock());
    return {
      name,
      cluster: 'demo',
      cron,
      timeZone: 'UTC',
      paused,
      state: 'enabled',
      lastRun: iso(this.clock() - 7 * hour),
      nextRuns: preview.valid && !paused ? preview.next.map(iso) : [],
      ttl: '720h0m0s',
    };
  }

  /** Lets the runs that were asked for go on. */
  #advance() {
    const now = this.clock();
    for (const run of [...this.points, ...this.restores]) {
      if (run.state === 'waiting' || run.state === 'running') {
        const share = (now - Date.parse(run.createdAt)) / this.runMs;
        if (share >= 1) {
          run.state = 'done';
          run.phase = 'Completed';
          run.completedAt = iso(now);
          run.progress = { itemsDone: objectCount, itemsTotal: objectCount };
          if ('trigger' in run) {
            run.objects = objectCount;
            run.volumes = { count: 1, included: 1 };
            run.restorable = true;
            run.sizeBytes = 96_480;
            run.expiresAt = iso(now + 30 * day);
            run.warnings = 1;
          } else {
            run.targetUrl = `/demo/${run.targetNamespace}/`;
            if (run.inPlace) {
              run.undo = {
                state: 'available',
                possible: true,
                claims: ['data-postgres-0'],
                until: iso(now + 3 * day),
                keptSeconds: (3 * day) / 1000,
              };
            }
          }
        } else if (share > 0.1) {
          run.state = 'running';
          run.phase = 'InProgress';
          run.startedAt = run.startedAt ?? iso(now);
          run.progress = {
            itemsDone: Math.floor(share * objectCount),
            itemsTotal: objectCount,
          };
        }
      }
    }
    for (const [run, asked] of this.#undoAsked) {
      const share = (now - asked) / this.runMs;
      if (share > 0.3 && run.undo) {
        run.undo.state = share < 1 ? 'running' : 'done';
        run.undo.until = iso(now + 3 * day);
      }
    }
    this.points = this.points.filter(
      point =>
        point.state !== 'deleting' ||
        now - Date.parse(point.expiresAt ?? '') < 2_000,
    );
  }

  protection(cluster: string | undefined): Protection {
    this.#advance();
    const last = this.points.find(({ state }) => state === 'done');
    const problem =
      this.scenario === 'choose-cluster' && cluster
        ? undefined
        : problems[this.scenario];
    const mayChange = this.scenario !== 'read-only';
    const unknown = problem !== undefined;
    let state: Protection['state'] = last ? 'protected' : 'unprotected';
    let reason = last
      ? 'The last recovery point is younger than 24 hours.'
      : 'There is no recovery point yet.';
    if (unknown) {
      state = 'unknown';
      reason = problem.title;
    } else if (this.scenario === 'run-failed') {
      state = 'at-risk';
      reason = 'The newest backup failed.';
    }
    return {
      state,
      reason,
      target:
        problem &&
        !['storage-unavailable', 'engine-stopped'].includes(problem.code)
          ? undefined
          : { ...target, cluster: cluster ?? target.cluster },
      clusters:
        this.scenario === 'choose-cluster'
          ? [{ name: 'prod', title: 'Production' }, { name: 'staging' }]
          : [{ name: 'demo' }],
      problem,
      engine:
        this.scenario === 'engine-paused'
          ? {
              state: 'paused',
              message:
                'A Velero runs in openshift-adp. The engine pauses as long as it is there.',
            }
          : {
              state: this.scenario === 'engine-stopped' ? 'stopped' : 'running',
            },
      storage: [
        {
          name: 'default',
          state:
            this.scenario === 'storage-unavailable'
              ? 'unavailable'
              : 'available',
        },
      ],
      lastPoint: last && {
        name: last.name,
        completedAt: last.completedAt!,
        objects: last.objects,
        ...(last.volumes && { volumes: last.volumes.included }),
      },
      nextRun: this.schedules.find(({ paused }) => !paused)?.nextRuns[0],
      objectCount: unknown ? undefined : objectCount,
      volumeCount: unknown ? undefined : 1,
      permissions: {
        create: mayChange,
        delete: mayChange,
        restore: mayChange,
        schedule: mayChange,
      },
    };
  }

  listPoints(): RecoveryPoint[] {
    this.#advance();
    return this.points;
  }

  createPoint(
    trigger: RecoveryPoint['trigger'] = { type: 'manual' },
    note?: string,
  ): RecoveryPoint {
    const point: RecoveryPoint = {
      name: this.#name('orders-new'),
      cluster: 'demo',
      state: 'waiting',
      phase: 'New',
      createdAt: iso(this.clock()),
      warnings: 0,
      errors: 0,
      trigger,
      note,
      requestedBy: 'user:default/guest-developer',
      restorable: false,
    };
    this.points.unshift(point);
    return { ...point };
  }

  point(name: string): RecoveryPointDetail | undefined {
    this.#advance();
    const point = this.points.find(item => item.name === name);
    if (!point) {
      return undefined;
    }
    const finished = point.completedAt !== undefined;
    return {
      ...point,
      uid: '2f0c9a50-8a51-4bd2-9c0a-6d7b8c9d0e1f',
      target,
      storageLocation: 'default',
      resources: finished && point.objects ? shopKinds : [],
      warningsList:
        point.warnings > 0
          ? [
              {
                scope: 'namespace',
                namespace: 'shop',
                message: 'Pod orders-0 has no annotation for hooks',
              },
            ]
          : [],
      errorsList:
        point.errors > 0
          ? [
              {
                scope: 'namespace',
                namespace: 'shop',
                message: point.reason ?? 'unknown',
              },
            ]
          : [],
      volumesList: this.#volumes(point),
      kubectl: `kubectl get backups.velero.io ${name} -n openshift-adp -o yaml`,
      phases: [
        { phase: 'New', at: point.createdAt },
        ...(point.startedAt
          ? [{ phase: 'InProgress', at: point.startedAt }]
          : []),
        ...(point.completedAt
          ? [{ phase: point.phase, at: point.completedAt }]
          : []),
      ],
      notes: [],
    };
  }

  /** One volume, on its way while the run goes on. */
  #volumes(point: RecoveryPoint): VolumeFinding[] {
    const volume = { pvc: 'data-postgres-0', namespace: 'shop' };
    if (point.state === 'running') {
      return [
        {
          ...volume,
          included: false,
          state: 'running',
          method: 'snapshot-moved',
          resource: {
            kind: 'DataUpload',
            name: `${point.name}-1`,
            phase: 'InProgress',
          },
          bytesDone: 412 * mebibyte,
          bytesTotal: 900 * mebibyte,
          bytesPerSecond: 38 * mebibyte,
          secondsLeft: 13,
        },
      ];
    }
    if (!point.volumes) {
      return [];
    }
    return [
      point.volumes.included > 0
        ? {
            ...volume,
            included: true,
            state: 'done',
            method: 'snapshot-moved',
            sizeBytes: 900 * mebibyte,
            newBytes: 96 * mebibyte,
            storedBytes: 31 * mebibyte,
          }
        : {
            ...volume,
            included: false,
            state: 'skipped',
            reason: 'Class standard cannot make snapshots',
          },
    ];
  }

  /** Ends a run of a list that has not ended. */
  cancel<T extends RecoveryPoint | RestoreRun>(
    runs: T[],
    name: string,
  ): T | undefined {
    const run = runs.find(item => item.name === name);
    if (run) {
      run.state = 'cancelled';
      run.phase = 'Failed';
      run.reason = 'Canceled by guest-developer';
    }
    return run;
  }

  /** Has the volumes from before a restore brought back, where that is possible. */
  undo(name: string): RestoreRun | undefined {
    const run = this.restores.find(item => item.name === name);
    if (!run?.undo?.possible) {
      return undefined;
    }
    this.#undoAsked.set(run, this.clock());
    run.undo = {
      ...run.undo,
      state: 'requested',
      possible: false,
      message: undefined,
    };
    return { ...run };
  }

  deletePoint(name: string): boolean {
    const point = this.points.find(item => item.name === name);
    if (!point) {
      return false;
    }
    point.state = 'deleting';
    point.phase = 'Deleting';
    point.restorable = false;
    point.expiresAt = iso(this.clock());
    return true;
  }

  logs(complete: boolean): Logs {
    return {
      lines: complete ? runLog : runLog.slice(0, 3),
      complete,
      truncated: false,
    };
  }

  preview(backup: string, request: RestorePreviewRequest): RestorePreview {
    const suggestedNamespace = 'shop-restore-1122';
    const namespace = request.inPlace
      ? 'shop'
      : request.targetNamespace ?? suggestedNamespace;
    const forbidden = !request.inPlace && !namespace.startsWith('shop-');
    const exists = request.inPlace ? 1 : 0;
    const found =
      request.inPlace || namespace === 'shop-staging' ? 'existing' : 'new';
    const resources = shopKinds.map(({ kind, apiVersion, objects }) => ({
      kind,
      apiVersion,
      create: exists ? 0 : objects.length,
      update:
        exists && request.existingResourcePolicy === 'update'
          ? objects.length
          : 0,
      exists:
        exists && request.existingResourcePolicy !== 'update'
          ? objects.length
          : 0,
      skipped: [] as { name: string; reason: string }[],
    }));
    if (!request.inPlace) {
      const routes = resources.find(({ kind }) => kind === 'Route');
      if (routes) {
        routes.create -= 1;
        routes.skipped.push({
          name: 'orders-legacy',
          reason: 'its host is in use by the original',
        });
      }
    }
    const total = (count: (group: (typeof resources)[number]) => number) =>
      resources.reduce((sum, group) => sum + count(group), 0);
    return {
      backup,
      sourceNamespace: 'shop',
      targetNamespace: namespace,
      suggestedNamespace,
      allowedPatterns: ['shop-*'],
      namespaceState: forbidden ? 'forbidden' : found,
      allowed: !forbidden,
      problems: forbidden
        ? [
            {
              code: 'target-not-allowed',
              title: `Namespace ${namespace} is not among those that may be created`,
              message:
                'Copies of shop may be created in namespaces named shop-*.',
            },
          ]
        : [],
      resources: forbidden ? [] : resources,
      totals: {
        create: total(group => group.create),
        update: total(group => group.update),
        exists: total(group => group.exists),
        skipped: total(group => group.skipped.length),
      },
      volumes: forbidden
        ? []
        : [
            {
              name: 'data-postgres-0',
              method: 'download',
              sizeBytes: 900 * mebibyte,
            },
          ],
      notes: [],
    };
  }

  createRestore(request: {
    backup: string;
    targetNamespace?: string;
    inPlace?: boolean;
    safetyPoint?: string;
    skipSafetyPoint?: boolean;
  }): RestoreRun {
    this.restoreRequests.push(request);
    const namespace = request.inPlace ? 'shop' : request.targetNamespace!;
    const run: RestoreRun = {
      name: this.#name('orders-restore'),
      cluster: 'demo',
      backup: request.backup,
      state: 'waiting',
      phase: 'New',
      createdAt: iso(this.clock()),
      sourceNamespace: 'shop',
      targetNamespace: namespace,
      inPlace: Boolean(request.inPlace),
      safetyPoint: request.safetyPoint,
      warnings: 0,
      errors: 0,
      requestedBy: 'user:default/guest-developer',
    };
    this.restores.unshift(run);
    return { ...run };
  }

  listRestores(): RestoreRun[] {
    this.#advance();
    return this.restores;
  }

  restore(name: string): RestoreRunDetail | undefined {
    this.#advance();
    const run = this.restores.find(item => item.name === name);
    return (
      run && {
        ...run,
        uid: '7f0c9a50-8a51-4bd2-9c0a-6d7b8c9d0e1f',
        target: { ...target, namespace: run.targetNamespace },
        resources: run.completedAt
          ? shopKinds.map(({ kind, apiVersion, objects }) => ({
              kind,
              apiVersion,
              objects: objects.map(object => ({
                name: object,
                result: 'created' as const,
              })),
            }))
          : [],
        warningsList: [],
        errorsList: [],
        volumesList: [],
        kubectl: `kubectl get restores.velero.io ${name} -n openshift-adp -o yaml`,
        phases: [
          { phase: 'New', at: run.createdAt },
          ...(run.startedAt
            ? [{ phase: 'InProgress', at: run.startedAt }]
            : []),
          ...(run.completedAt
            ? [{ phase: run.phase, at: run.completedAt }]
            : []),
        ],
        notes: [],
      }
    );
  }

  createSchedule(request: {
    cron: string;
    timeZone?: string;
    ttl?: string;
  }): BackupSchedule {
    const schedule = {
      ...this.#schedule(this.#name('orders-schedule'), request.cron, false),
      timeZone: request.timeZone,
      ttl: request.ttl,
      lastRun: undefined,
    };
    this.schedules.unshift(schedule);
    return schedule;
  }

  updateSchedule(
    name: string,
    change: { paused?: boolean },
  ): BackupSchedule | undefined {
    const index = this.schedules.findIndex(item => item.name === name);
    if (index < 0) {
      return undefined;
    }
    const { cron, paused } = this.schedules[index];
    this.schedules[index] = {
      ...this.schedules[index],
      ...this.#schedule(name, cron, change.paused ?? paused),
    };
    return this.schedules[index];
  }

  deleteSchedule(name: string): boolean {
    const before = this.schedules.length;
    this.schedules = this.schedules.filter(item => item.name !== name);
    return this.schedules.length < before;
  }
}
