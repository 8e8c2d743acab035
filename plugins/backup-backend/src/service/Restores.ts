import {
  ConflictError,
  InputError,
  NotFoundError,
  ServiceUnavailableError,
} from '@backstage/errors';
import {
  type CreateRestoreRequest,
  type Logs,
  type RestorePreview,
  type RestorePreviewRequest,
  type RestoreRun,
  type RestoreRunDetail,
  type RestoreRunList,
  type VolumeFinding,
  objectsOnlyText,
} from '@lifeboat/backstage-plugin-backup-common';
import { type ConfigConsent, coreTypes, isConflict } from '@lifeboat/engine';
import {
  type Backup,
  type BackupScope,
  type ResourceList,
  type Restore,
  type RestoreSpec,
  type RunResults,
  isRestorableBackupPhase,
  isTerminalBackupPhase,
  isTerminalRestorePhase,
  lifeboatAnnotations,
} from '@lifeboat/velero-api';
import type { BackupConfig } from '../config/BackupConfig';
import { carriedProblem, problemError } from '../problems/problemError';
import { notRestorable, refusedByEngine } from '../problems/problems';
import { visibleFindings } from '../runs/findings';
import { phaseSteps } from '../runs/phaseSteps';
import { restoredGroups } from '../runs/resourceGroups';
import { restoreRun, targetNamespaceOf } from '../runs/restoreRun';
import { runStateOf } from '../runs/runStateOf';
import { safetyBackupAnnotation } from '../runs/safetyBackup';
import { stagedClaims } from '../runs/stagedClaims';
import { type RunFiles, limits, logsOf, readSignal } from '../storage/RunFiles';
import { namespaceConsent } from '../tenancy/namespaceConsent';
import { targetView } from '../tenancy/Target';
import { visibleScope } from '../tenancy/visibleScope';
import { cancellationBy } from './cancellation';
import type { Clock } from './Clock';
import { creationError } from './creationError';
import type { EntityCall } from './EntityCall';
import {
  namespaceNameProblem,
  namespaceSuggestions,
  patternsFor,
} from './namespacePatterns';
import { type PageQuery, page } from './paging';
import { groupPlan } from './groupPlan';
import { type RecoveryPoints, pendingDeletions } from './RecoveryPoints';
import type { RestorePlan, RestorePlanner } from './RestorePlanner';
import {
  type RestoreTargetDecision,
  decideRestoreTarget,
} from './restoreTarget';
import { runMetadata } from './runMetadata';
import { runName } from './runName';
import { undoRequest, whyNotUndone } from './undoRequest';
import { checkUnfinished } from './unfinishedRuns';
import { volumesOfRun } from './volumesOfRun';

interface VisibleRestore {
  restore: Restore;
  scope: BackupScope;
}

const safetyPointTimeoutMs = 120_000;
const safetyPointPollMs = 500;
const safetyPointAgeMs = 15 * 60_000;

const bothTargets =
  'Give either inPlace: true or targetNamespace, not both of them';
const noSafetyPointHere =
  'Give safetyPoint only with inPlace: true, and without skipSafetyPoint';
const noTarget = 'Say where to: give targetNamespace, or inPlace: true';

/** Restores of an entity: Restore resources of its scope. */
export class Restores {
  constructor(
    private readonly options: {
      points: RecoveryPoints;
      files: RunFiles;
      planner: RestorePlanner;
      clock: Clock;
      consent: ConfigConsent[];
      restore: BackupConfig['restore'];
    },
  ) {}

  async list(call: EntityCall, query: PageQuery): Promise<RestoreRunList> {
    const { grant, target } = call;
    const all = await target.cluster.control.restores.list();
    const scopes = new Map<Restore, BackupScope>();
    for (const restore of all) {
      const scope = visibleScope(restore, grant, target);
      if (scope) {
        scopes.set(restore, scope);
      }
    }
    const { items, nextCursor } = page([...scopes.keys()], query);
    return {
      items: await Promise.all(
        items.map(async restore => {
          const scope = scopes.get(restore)!;
          const volumes =
            runStateOf(restore.status?.phase) === 'running'
              ? await volumesOfRun(call, {
                  ...restore,
                  namespace: targetNamespaceOf(restore, scope.namespace),
                  staged: stagedClaims(restore),
                })
              : [];
          return this.#view(call, { restore, scope }, volumes);
        }),
      ),
      ...(nextCursor && { nextCursor }),
    };
  }

  async detail(call: EntityCall, name: string): Promise<RestoreRunDetail> {
    const visible = await this.#require(call, name);
    const { restore, scope } = visible;
    const { cluster } = call.target;
    const targetNamespace = targetNamespaceOf(restore, scope.namespace);
    const { resources, results, note } = await this.#files(call, restore);
    const findings = visibleFindings(results, [targetNamespace]);
    const volumes = await volumesOfRun(call, {
      ...restore,
      namespace: targetNamespace,
      staged: stagedClaims(restore),
    });
    const withData = new Set(
      volumes.filter(({ included }) => included).map(({ pvc }) => pvc),
    );
    const claims = (resources?.['v1/PersistentVolumeClaim'] ?? []).filter(
      entry =>
        entry.startsWith(`${targetNamespace}/`) &&
        entry.endsWith('(created)') &&
        !withData.has(
          entry.slice(targetNamespace.length + 1, -'(created)'.length),
        ),
    ).length;
    return {
      ...this.#view(call, visible, volumes),
      uid: restore.metadata.uid ?? '',
      target: {
        ...targetView(call.target),
        namespace: targetNamespace,
        ...(scope.selector && { selector: scope.selector }),
      },
      resources: restoredGroups(resources, targetNamespace),
      warningsList: findings.warnings,
      errorsList: findings.errors,
      volumesList: volumes,
      kubectl: `kubectl get restore ${name} -n ${cluster.control.namespace} -o yaml`,
      phases: phaseSteps(
        restore.metadata.creationTimestamp,
        restore.status ?? {},
      ),
      notes: [
        ...(claims > 0 ? [objectsOnlyText(claims)] : []),
        ...(note ? [note] : []),
      ],
    };
  }

  async logs(call: EntityCall, name: string): Promise<Logs> {
    const { restore, scope } = await this.#require(call, name);
    const { cluster } = call.target;
    const namespaces = [
      scope.namespace,
      targetNamespaceOf(restore, scope.namespace),
      cluster.control.namespace,
    ];
    if (!isTerminalRestorePhase(restore.status?.phase)) {
      return logsOf(undefined, namespaces);
    }
    const location = await this.#locationOf(call, restore);
    const store = await this.options.files.open(cluster, location);
    const log = await this.options.files.read(cluster, location ?? '', () =>
      store.readRestoreLog(name, {
        signal: readSignal(call.signal),
        maxBytes: limits.logBytes,
      }),
    );
    return logsOf(log, namespaces);
  }

  async preview(
    call: EntityCall,
    backupName: string,
    request: RestorePreviewRequest,
  ): Promise<RestorePreview> {
    if (request.inPlace && request.targetNamespace !== undefined) {
      throw new InputError(bothTargets);
    }
    const { backup, scope } = await this.options.points.require(
      call,
      backupName,
    );
    const patterns = patternsFor(this.options.restore.targets, scope.namespace);
    const suggestedNamespace = await this.#suggest(call, patterns);
    const targetNamespace = request.inPlace
      ? scope.namespace
      : request.targetNamespace ?? suggestedNamespace ?? '';
    const decision = await this.#decide(call, scope, targetNamespace);
    const problems = [
      ...(await this.#restorableProblem(call, backup)),
      ...(decision.problem ? [decision.problem] : []),
    ];
    const plan: RestorePlan =
      problems.length > 0
        ? {
            problems: [],
            objects: [],
            volumes: [],
            volumesWithoutData: 0,
            notes: [],
          }
        : await this.options.planner.plan(
            call,
            backup,
            restoreSpec(backupName, scope.namespace, targetNamespace, request),
            { existingClaims: bringsBackExistingClaims(request, decision) },
          );
    problems.push(...plan.problems.map(message => refusedByEngine(message)));
    return {
      backup: backupName,
      sourceNamespace: scope.namespace,
      targetNamespace,
      suggestedNamespace: suggestedNamespace ?? '',
      allowedPatterns: patterns,
      namespaceState: decision.namespaceState,
      allowed: problems.length === 0,
      problems,
      ...groupPlan(plan.objects),
      volumes: plan.volumes,
      // What the engine warns of is one of its notes, too.
      notes: [
        ...new Set([
          ...(plan.volumesWithoutData > 0
            ? [objectsOnlyText(plan.volumesWithoutData)]
            : []),
          ...plan.notes,
        ]),
      ],
    };
  }

  /**
   * Restores into a new or consenting namespace, or in place. In place there is
   * a recovery point of the present state first: the one that the caller has
   * made, or one that is made here and waited for. Without a complete one
   * nothing is restored, unless the caller wants none.
   */
  async create(
    call: EntityCall,
    request: CreateRestoreRequest,
  ): Promise<RestoreRun> {
    if (Boolean(request.inPlace) === (request.targetNamespace !== undefined)) {
      throw new InputError(request.inPlace ? bothTargets : noTarget);
    }
    if (request.safetyPoint !== undefined) {
      if (!request.inPlace || request.skipSafetyPoint) {
        throw new InputError(noSafetyPointHere);
      }
    }
    const { points, clock } = this.options;
    const { backup, scope } = await points.require(call, request.backup);
    const targetNamespace = request.targetNamespace ?? scope.namespace;
    const [problem] = await this.#restorableProblem(call, backup);
    if (problem) {
      throw problemError(problem);
    }
    const decision = await this.#decide(call, scope, targetNamespace);
    if (decision.problem) {
      throw problemError(decision.problem);
    }
    const others = await call.target.cluster.control.restores.list();
    checkUnfinished(
      others.filter(
        other =>
          visibleScope(other, call.grant, call.target) !== undefined &&
          !isTerminalRestorePhase(other.status?.phase),
      ).length,
      'restores',
    );
    const name = runName(
      `${call.grant.entity.metadata.name}-restore`,
      clock.now(),
      clock.random,
    );
    const safetyPoint =
      targetNamespace === scope.namespace &&
      decision.namespaceState === 'existing' &&
      !request.skipSafetyPoint
        ? await this.#safetyPoint(call, request)
        : undefined;
    const restore: Restore = {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata: runMetadata(call, name, scope, {
        annotations: {
          ...(safetyPoint && { [safetyBackupAnnotation]: safetyPoint }),
          ...(bringsBackExistingClaims(request, decision) && {
            [lifeboatAnnotations.restoreData]: 'existing-claims',
          }),
        },
      }),
      spec: restoreSpec(
        request.backup,
        scope.namespace,
        targetNamespace,
        request,
      ),
    };
    try {
      const created = await call.target.cluster.control.restores.create(
        restore,
      );
      return this.#view(call, { restore: created, scope });
    } catch (error) {
      throw creationError(error, name);
    }
  }

  /** @throws ConflictError when it has ended */
  async cancel(call: EntityCall, name: string): Promise<RestoreRun> {
    const { restore, scope } = await this.#require(call, name);
    if (isTerminalRestorePhase(restore.status?.phase)) {
      throw new ConflictError(`Restore "${name}" has ended already`);
    }
    const changed = await call.target.cluster.control.restores.merge(
      name,
      cancellationBy(call),
    );
    return this.#view(call, { restore: changed, scope });
  }

  /**
   * Asks the engine to give the claims that a restore filled in place their
   * old volumes back.
   *
   * @throws ConflictError when there is nothing to undo, its time is over, or something else is to end or to be undone first
   */
  async undo(call: EntityCall, name: string): Promise<RestoreRun> {
    const { restore, scope } = await this.#require(call, name);
    const { restores } = call.target.cluster.control;
    const target = targetNamespaceOf(restore, scope.namespace);
    const others = (await restores.list()).filter(
      other =>
        other.metadata.name !== name &&
        visibleScope(other, call.grant, call.target) !== undefined,
    );
    const reason = whyNotUndone(restore, {
      others,
      inFlight: others
        .filter(
          other =>
            targetNamespaceOf(other, scope.namespace) === target &&
            !isTerminalRestorePhase(other.status?.phase),
        )
        .map(({ metadata }) => metadata.name ?? ''),
      now: this.options.clock.now(),
    });
    if (reason) {
      throw new ConflictError(reason);
    }
    const { problem, namespaceState } = await this.#decide(call, scope, target);
    if (problem) {
      throw problemError(problem);
    }
    if (namespaceState !== 'existing') {
      throw new ConflictError(
        `There is nothing to undo: namespace "${target}" is gone`,
      );
    }
    try {
      const changed = await restores.merge(name, undoRequest(restore));
      return this.#view(call, { restore: changed, scope });
    } catch (error) {
      throw isConflict(error)
        ? new ConflictError(`Restore "${name}" has just changed: look again`)
        : error;
    }
  }

  async #require(call: EntityCall, name: string): Promise<VisibleRestore> {
    const restore = await call.target.cluster.control.restores.get(name);
    const scope = restore && visibleScope(restore, call.grant, call.target);
    if (!restore || !scope) {
      throw new NotFoundError(`There is no restore "${name}"`);
    }
    return { restore, scope };
  }

  async #restorableProblem(call: EntityCall, backup: Backup) {
    const name = backup.metadata.name ?? '';
    const { phase } = backup.status ?? {};
    if (!isRestorableBackupPhase(phase)) {
      return [notRestorable(name, phase || 'New')];
    }
    const deletions = await pendingDeletions(call.target.cluster);
    return deletions.has(name) ? [notRestorable(name, 'Deleting')] : [];
  }

  async #decide(
    call: EntityCall,
    scope: BackupScope,
    target: string,
  ): Promise<RestoreTargetDecision> {
    const { cluster } = call.target;
    const namespace = namespaceNameProblem(target)
      ? undefined
      : await cluster.client.get(coreTypes.namespaces, { name: target });
    return decideRestoreTarget({
      source: scope.namespace,
      target,
      controlNamespace: cluster.control.namespace,
      patterns: patternsFor(this.options.restore.targets, scope.namespace),
      createNamespaces: this.options.restore.createNamespaces,
      exists: namespace !== undefined,
      consent:
        namespace &&
        namespaceConsent({
          cluster: cluster.name,
          name: target,
          namespace,
          selector: scope.selector,
          viewer: call.grant,
          config: this.options.consent,
        }),
    });
  }

  async #suggest(
    { target: { cluster } }: EntityCall,
    patterns: string[],
  ): Promise<string | undefined> {
    for (const name of namespaceSuggestions(
      patterns,
      this.options.clock.now(),
    )) {
      if (!(await cluster.client.get(coreTypes.namespaces, { name }))) {
        return name;
      }
    }
    return undefined;
  }

  /** The recovery point of the present state that a restore in place needs. */
  async #safetyPoint(
    call: EntityCall,
    request: CreateRestoreRequest,
  ): Promise<string> {
    return request.safetyPoint === undefined
      ? this.#makeSafetyPoint(call, request.backup)
      : this.#givenSafetyPoint(call, request.safetyPoint, request.backup);
  }

  /** @throws ConflictError for one that does not hold the present state completely */
  async #givenSafetyPoint(
    call: EntityCall,
    name: string,
    restored: string,
  ): Promise<string> {
    const { points, clock } = this.options;
    const { backup } = await points.require(call, name);
    const { phase, startTimestamp } = backup.status ?? {};
    if (name === restored) {
      throw new ConflictError(
        `"${name}" is what is to be restored, so it cannot be the safety point`,
      );
    }
    if (phase !== 'Completed') {
      throw new ConflictError(
        `The safety point "${name}" is not complete (${phase || 'New'})`,
      );
    }
    const ageMs = clock.now().getTime() - Date.parse(startTimestamp ?? '');
    if (!(ageMs <= safetyPointAgeMs)) {
      throw new ConflictError(
        `The safety point "${name}" is older than ${
          safetyPointAgeMs / 60_000
        } minutes: make a new one`,
      );
    }
    return name;
  }

  /** Makes a recovery point of what is there now, and waits until it is finished. */
  async #makeSafetyPoint(call: EntityCall, restored: string): Promise<string> {
    const { points, clock } = this.options;
    const backup = await points.createBackup(call, {
      note: `Made before "${restored}" was restored in place`,
    });
    const name = backup.metadata.name ?? '';
    const signal = AbortSignal.any([
      call.signal,
      AbortSignal.timeout(safetyPointTimeoutMs),
    ]);
    const { backups } = call.target.cluster.control;
    while (!signal.aborted) {
      const phase = (await backups.get(name))?.status?.phase;
      if (phase === 'Completed') {
        return name;
      }
      if (isTerminalBackupPhase(phase)) {
        throw new ServiceUnavailableError(
          `The safety point "${name}" ended ${phase}, so nothing was restored. Look at it, or restore without one.`,
        );
      }
      await clock.sleep(safetyPointPollMs, signal).catch(() => undefined);
    }
    throw new ServiceUnavailableError(
      `The safety point "${name}" is not finished yet, so nothing was restored. Try again when it is, or restore without one.`,
    );
  }

  async #locationOf(
    call: EntityCall,
    restore: Restore,
  ): Promise<string | undefined> {
    const backup = await call.target.cluster.control.backups.get(
      restore.spec.backupName ?? '',
    );
    return backup?.spec.storageLocation;
  }

  async #files(
    call: EntityCall,
    restore: Restore,
  ): Promise<{
    resources?: ResourceList;
    results?: RunResults;
    note?: string;
  }> {
    if (!isTerminalRestorePhase(restore.status?.phase)) {
      return {};
    }
    const { cluster } = call.target;
    const name = restore.metadata.name ?? '';
    const location = await this.#locationOf(call, restore);
    if (!location) {
      return {
        note: 'The recovery point is gone, and with it what was recorded about this restore.',
      };
    }
    try {
      const store = await this.options.files.open(cluster, location);
      const options = {
        signal: readSignal(call.signal),
        maxBytes: limits.jsonBytes,
      };
      const [resources, results] = await this.options.files.read(
        cluster,
        location,
        () =>
          Promise.all([
            store.getRestoreJson<ResourceList>(name, 'resourceList', options),
            store.getRestoreJson<RunResults>(name, 'results', options),
          ]),
      );
      return {
        resources: resources ?? undefined,
        results: results ?? undefined,
      };
    } catch (error) {
      const problem = carriedProblem(error);
      if (!problem) {
        throw error;
      }
      return { note: problem.message };
    }
  }

  #view(
    call: EntityCall,
    { restore, scope }: VisibleRestore,
    volumes: VolumeFinding[] = [],
  ): RestoreRun {
    return restoreRun(restore, {
      volumes,
      cluster: call.target.cluster.name,
      scope,
      now: this.options.clock.now(),
      targetUrl: this.options.restore.targetUrl,
    });
  }
}

/**
 * Whether claims that are there get their data back too: in place, when what
 * is there is to become as it was. Their old volumes are kept for a while.
 */
function bringsBackExistingClaims(
  request: { inPlace?: boolean; existingResourcePolicy?: 'none' | 'update' },
  { namespaceState }: RestoreTargetDecision,
): boolean {
  return (
    request.inPlace === true &&
    request.existingResourcePolicy === 'update' &&
    namespaceState === 'existing'
  );
}

function restoreSpec(
  backupName: string,
  source: string,
  target: string,
  request: { existingResourcePolicy?: 'none' | 'update' },
): RestoreSpec {
  return {
    backupName,
    includedNamespaces: [source],
    ...(target !== source && { namespaceMapping: { [source]: target } }),
    ...(request.existingResourcePolicy && {
      existingResourcePolicy: request.existingResourcePolicy,
    }),
  };
}
