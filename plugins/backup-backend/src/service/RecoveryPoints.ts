import { ConflictError, InputError, NotFoundError } from '@backstage/errors';
import {
  type CreateRecoveryPointRequest,
  type DeletionRequest,
  type Logs,
  type RecoveryPoint,
  type RecoveryPointDetail,
  type RecoveryPointList,
  type VolumeFinding,
  objectsOnlyText,
} from '@lifeboat/backstage-plugin-backup-common';
import {
  type Backup,
  type BackupScope,
  type BackupVolumeInfo,
  type DeleteBackupRequest,
  type ResourceList,
  type RunResults,
  isBackupInProgress,
  isRestorableBackupPhase,
  isTerminalBackupPhase,
  lifeboatAnnotations,
  parseDuration,
  validLabelValue,
  veleroLabels,
} from '@lifeboat/velero-api';
import type { Cluster } from '../clusters/Cluster';
import type { EngineMode } from '../config/BackupConfig';
import { carriedProblem } from '../problems/problemError';
import { visibleFindings } from '../runs/findings';
import { phaseSteps } from '../runs/phaseSteps';
import { recoveryPoint } from '../runs/recoveryPoint';
import { resourceGroups } from '../runs/resourceGroups';
import { runStateOf } from '../runs/runStateOf';
import { volumeFindings } from '../runs/volumeFindings';
import { type RunFiles, limits, logsOf, readSignal } from '../storage/RunFiles';
import { targetView } from '../tenancy/Target';
import { visibleScope } from '../tenancy/visibleScope';
import { backupResource, backupSpecOf } from './backupResource';
import { cancellationBy } from './cancellation';
import type { Clock } from './Clock';
import { creationError } from './creationError';
import type { EntityCall } from './EntityCall';
import { type PageQuery, page } from './paging';
import { runMetadata, scopeOf } from './runMetadata';
import { runName } from './runName';
import { usableLocation } from './storageLocation';
import { checkUnfinished } from './unfinishedRuns';
import { volumesOfRun } from './volumesOfRun';

/** A Backup that the caller may see, with its recorded scope. */
export interface VisibleBackup {
  backup: Backup;
  scope: BackupScope;
}

/** How a backup is to be made, beside its scope. */
export interface BackupWish extends CreateRecoveryPointRequest {
  /** Name of the Schedule that it counts for. */
  schedule?: string;
}

interface BackupFiles {
  resources?: ResourceList;
  results?: RunResults;
  volumes?: BackupVolumeInfo[];
  sizeBytes?: number;
}

const longestTtlMs = 100 * 365 * 24 * 3_600_000;

/** Velero does not follow what the chosen objects mount and use. */
function onlySelected(selector: string): string {
  return `The installed Velero takes only objects that match "${selector}": settings and secrets without these labels are not in this recovery point`;
}

/** Recovery points of an entity: Backup resources of its scope. */
export class RecoveryPoints {
  constructor(
    private readonly options: {
      files: RunFiles;
      clock: Clock;
      mode: EngineMode;
    },
  ) {}

  /** All Backups that the caller may see. */
  async visible({ grant, target }: EntityCall): Promise<VisibleBackup[]> {
    const backups = await target.cluster.control.backups.list();
    return backups.flatMap(backup => {
      const scope = visibleScope(backup, grant, target);
      return scope ? [{ backup, scope }] : [];
    });
  }

  /** @throws NotFoundError also when it is somebody else's */
  async require(call: EntityCall, name: string): Promise<VisibleBackup> {
    const backup = await call.target.cluster.control.backups.get(name);
    const scope = backup && visibleScope(backup, call.grant, call.target);
    if (!backup || !scope) {
      throw new NotFoundError(`There is no recovery point "${name}"`);
    }
    return { backup, scope };
  }

  async list(call: EntityCall, query: PageQuery): Promise<RecoveryPointList> {
    const visible = await this.visible(call);
    const deletions = await pendingDeletions(call.target.cluster);
    const { items, nextCursor } = page(
      visible.map(({ backup }) => backup),
      query,
    );
    return {
      items: await Promise.all(
        items.map(async backup =>
          view(
            call,
            backup,
            deletions,
            runStateOf(backup.status?.phase) === 'running'
              ? await volumesOfRun(call, {
                  ...backup,
                  namespace: this.#scopeIn(visible, backup).namespace,
                })
              : [],
          ),
        ),
      ),
      ...(nextCursor && { nextCursor }),
    };
  }

  /**
   * @throws InputError for a wish that cannot be, ConflictError when the name is
   * taken, and the problems of storage
   */
  async create(call: EntityCall, wish: BackupWish): Promise<RecoveryPoint> {
    return view(call, await this.createBackup(call, wish), new Map());
  }

  async createBackup(call: EntityCall, wish: BackupWish): Promise<Backup> {
    checkTtl(wish.ttl);
    const { clock } = this.options;
    const scope = scopeOf(call);
    const visible = await this.visible(call);
    checkUnfinished(
      visible.filter(
        ({ backup }) => !isTerminalBackupPhase(backup.status?.phase),
      ).length,
      'backups',
    );
    const location = await usableLocation(call.target.cluster);
    const name =
      wish.name ??
      runName(
        wish.schedule ?? call.grant.entity.metadata.name,
        clock.now(),
        clock.random,
      );
    const metadata = runMetadata(call, name, scope, {
      labels: wish.schedule
        ? { [veleroLabels.scheduleName]: validLabelValue(wish.schedule) }
        : {},
      annotations: wish.note ? { [lifeboatAnnotations.note]: wish.note } : {},
    });
    const backup = backupResource(
      metadata,
      backupSpecOf(scope, { location, ttl: wish.ttl }),
    );
    try {
      return await call.target.cluster.control.backups.create(backup);
    } catch (error) {
      throw creationError(error, name);
    }
  }

  async detail(call: EntityCall, name: string): Promise<RecoveryPointDetail> {
    const { backup, scope } = await this.require(call, name);
    const { cluster } = call.target;
    const deletions = await pendingDeletions(cluster);
    const { files, note } = await this.#files(call, backup);
    const findings = visibleFindings(files.results, [scope.namespace]);
    const moving = await volumesOfRun(call, {
      ...backup,
      namespace: scope.namespace,
    });
    const ended = isTerminalBackupPhase(backup.status?.phase);
    const volumes =
      ended && files.resources
        ? volumeFindings(
            files.volumes,
            files.resources,
            scope.namespace,
            moving,
          )
        : moving;
    // A run that failed as a whole holds nothing; saying what it lacks would say that there is more.
    const left = isRestorableBackupPhase(backup.status?.phase)
      ? volumes.filter(({ included }) => !included).length
      : 0;
    return {
      ...view(call, backup, deletions, moving),
      ...(isRestorableBackupPhase(backup.status?.phase) &&
        volumes.length > 0 && {
          volumes: { count: volumes.length, included: volumes.length - left },
        }),
      ...(files.sizeBytes !== undefined && { sizeBytes: files.sizeBytes }),
      uid: backup.metadata.uid ?? '',
      target: {
        ...targetView(call.target),
        namespace: scope.namespace,
        ...(scope.selector && { selector: scope.selector }),
      },
      storageLocation: backup.spec.storageLocation ?? '',
      resources: resourceGroups(files.resources, scope.namespace),
      warningsList: findings.warnings,
      errorsList: findings.errors,
      volumesList: volumes,
      kubectl: `kubectl get backup ${name} -n ${cluster.control.namespace} -o yaml`,
      phases: phaseSteps(
        backup.metadata.creationTimestamp,
        backup.status ?? {},
      ),
      notes: [
        ...(left > 0 ? [objectsOnlyText(left)] : []),
        ...(this.options.mode === 'velero' && scope.selector
          ? [onlySelected(scope.selector)]
          : []),
        ...(note ? [note] : []),
      ],
    };
  }

  async logs(call: EntityCall, name: string): Promise<Logs> {
    const { backup, scope } = await this.require(call, name);
    const { cluster } = call.target;
    const namespaces = [scope.namespace, cluster.control.namespace];
    if (!isTerminalBackupPhase(backup.status?.phase)) {
      return logsOf(undefined, namespaces);
    }
    const location = backup.spec.storageLocation ?? '';
    const store = await this.options.files.open(cluster, location);
    const log = await this.options.files.read(cluster, location, () =>
      store.readBackupLog(name, {
        signal: readSignal(call.signal),
        maxBytes: limits.logBytes,
      }),
    );
    return logsOf(log, namespaces);
  }

  /** @throws ConflictError while the backup runs */
  async delete(call: EntityCall, name: string): Promise<DeletionRequest> {
    const { backup, scope } = await this.require(call, name);
    if (isBackupInProgress(backup.status?.phase)) {
      throw new ConflictError(
        `Recovery point "${name}" is still being made: delete it when it has ended`,
      );
    }
    const { cluster } = call.target;
    const pending = (await pendingDeletions(cluster)).get(name);
    if (pending) {
      return deletionView(pending, name);
    }
    const { clock } = this.options;
    const metadata = runMetadata(
      call,
      runName(name, clock.now(), clock.random),
      scope,
      {
        labels: {
          [veleroLabels.backupName]: validLabelValue(name),
          [veleroLabels.backupUid]: backup.metadata.uid ?? '',
        },
      },
    );
    const request = await cluster.control.deletions.create({
      apiVersion: 'velero.io/v1',
      kind: 'DeleteBackupRequest',
      metadata,
      spec: { backupName: name },
    });
    return deletionView(request, name);
  }

  /** @throws ConflictError when it has ended */
  async cancel(call: EntityCall, name: string): Promise<RecoveryPoint> {
    const { backup } = await this.require(call, name);
    if (isTerminalBackupPhase(backup.status?.phase)) {
      throw new ConflictError(`Backup "${name}" has ended already`);
    }
    const { control } = call.target.cluster;
    const changed = await control.backups.merge(name, cancellationBy(call));
    return view(call, changed, await pendingDeletions(call.target.cluster));
  }

  #scopeIn(visible: VisibleBackup[], backup: Backup): BackupScope {
    return visible.find(entry => entry.backup === backup)!.scope;
  }

  /** What storage holds about a finished backup; when it cannot be read, a note says so and the rest is shown. */
  async #files(
    call: EntityCall,
    backup: Backup,
  ): Promise<{ files: BackupFiles; note?: string }> {
    if (!isTerminalBackupPhase(backup.status?.phase)) {
      return { files: {} };
    }
    const { cluster } = call.target;
    const name = backup.metadata.name ?? '';
    const location = backup.spec.storageLocation;
    const reader = this.options.files;
    try {
      const store = await reader.open(cluster, location);
      const options = {
        signal: readSignal(call.signal),
        maxBytes: limits.jsonBytes,
      };
      const [resources, results, volumes, contents] = await reader.read(
        cluster,
        location ?? '',
        () =>
          Promise.all([
            store.getBackupJson<ResourceList>(name, 'resourceList', options),
            store.getBackupJson<RunResults>(name, 'results', options),
            store.getBackupJson<BackupVolumeInfo[]>(
              name,
              'volumeInfo',
              options,
            ),
            store.objects.stat(store.keys.backup(name).contents, options),
          ]),
      );
      return {
        files: {
          resources: resources ?? undefined,
          results: results ?? undefined,
          volumes: volumes ?? undefined,
          sizeBytes: contents?.size,
        },
      };
    } catch (error) {
      const problem = carriedProblem(error);
      if (!problem) {
        throw error;
      }
      return { files: {}, note: problem.message };
    }
  }
}

/** Deletions that were asked for and have not ended, by name of the backup. */
export async function pendingDeletions(
  cluster: Cluster,
): Promise<Map<string, DeleteBackupRequest>> {
  const requests = await cluster.control.deletions.list();
  return new Map(
    requests
      .filter(({ status }) => status?.phase !== 'Processed')
      .map(request => [request.spec.backupName, request]),
  );
}

function view(
  call: EntityCall,
  backup: Backup,
  deletions: Map<string, DeleteBackupRequest>,
  volumes: VolumeFinding[] = [],
): RecoveryPoint {
  return recoveryPoint(backup, {
    volumes,
    cluster: call.target.cluster.name,
    deletionRequested: deletions.has(backup.metadata.name ?? ''),
  });
}

function deletionView(
  request: DeleteBackupRequest,
  backup: string,
): DeletionRequest {
  return {
    name: request.metadata.name ?? '',
    backup,
    createdAt: request.metadata.creationTimestamp ?? '',
  };
}

/** @throws InputError for a time that is no duration, not positive, or longer than a century */
export function checkTtl(ttl: string | undefined): void {
  if (ttl === undefined) {
    return;
  }
  let milliseconds: number;
  try {
    milliseconds = parseDuration(ttl);
  } catch (error) {
    throw new InputError(`ttl: ${(error as Error).message}`);
  }
  if (!(milliseconds > 0 && milliseconds <= longestTtlMs)) {
    throw new InputError(
      `ttl: "${ttl}" must be longer than 0 and at most 100 years, such as 720h`,
    );
  }
}
