import type { MoverResult } from '@lifeboat/data-mover';
import {
  isTerminalDataPathPhase,
  veleroFinalizers,
  type BackupStorageLocation,
  type DataPathPhase,
} from '@lifeboat/velero-api';
import { changeObject, ObjectGoneError } from '../backup/changeObject';
import { isForbidden, isInvalid } from '../cluster/ApiError';
import { createOnce } from '../cluster/createOnce';
import { coreTypes, veleroTypes } from '../cluster/knownTypes';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import type { ResourceTypeRef } from '../cluster/ResourceType';
import type { EngineConfig } from '../config/EngineConfig';
import { ensureRepository } from '../repositories/ensureRepository';
import { moverSecrets, type MoverSecrets } from '../repositories/moverSecrets';
import { diagnose } from '../volumes/expose/diagnose';
import type { Exposer } from '../volumes/expose/Exposer';
import { annotateOwner, dataPathType } from '../volumes/expose/patchOwner';
import {
  DataPathError,
  isWaiting,
  lookAgainMs,
  type Waiting,
} from '../volumes/expose/Waiting';
import {
  dataPathAnnotations,
  isEndRequested,
  isUnderway,
  phaseOf,
  volumeNamespaceOf,
  type DataPathObject,
} from '../volumes/movers/DataPathObject';
import { tellEvent } from '../volumes/movers/dataPathEvents';
import {
  decideDataPath,
  type DataPathStep,
} from '../volumes/movers/decideDataPath';
import { ownerUid, temporaryName } from '../volumes/movers/moverNames';
import { moverOutcome } from '../volumes/movers/moverOutcome';
import { moverPod } from '../volumes/movers/moverPod';
import { nodeProblem } from '../volumes/movers/nodeProblem';
import { nodeLimit, type TransferSlots } from '../volumes/movers/nodeSlots';
import type { Pod } from '../volumes/movers/Pod';
import { podState } from '../volumes/movers/podState';
import type {
  Controller,
  ControllerContext,
  ObjectKey,
  Requeue,
  Trigger,
} from './Controller';
import { rfc3339 } from './rfc3339';

/** Storage may be away for a moment; the repository's controller tries again meanwhile. */
const repositoryGraceMs = 60_000;

/** Waiting for longer is worth a word. */
const slowMs = 3_000;

const refusalGraceMs = 45_000;

/** How soon something is tried again that the API server refused. */
const refusedAgainMs = 3_000;

/** Changes of pods are watched; this is for what they do not tell: time-outs, nodes that are gone. */
const heartbeatMs = 10_000;

/** What is different between the four kinds. */
export interface DataPathKind<T extends DataPathObject> {
  /** Name of the controller. */
  name: string;
  kind: T['kind'];
  exposer: Exposer<T>;
  finalizer: keyof Pick<
    typeof veleroFinalizers,
    'dataUploadDownload' | 'podVolume'
  >;
  /** Whether it is for somebody else to move. */
  isForeign?(owner: T): boolean;
  /** Fields of the status while the pod gets its node. */
  atNode?(node: string): object;
  /** Fields of the status at the end. */
  result?(result: MoverResult): object;
}

const everyKind = [
  'DataUpload',
  'DataDownload',
  'PodVolumeBackup',
  'PodVolumeRestore',
] as const;

/**
 * Moves the data of volumes: brings each resource of one kind from `New` to its end, and removes everything that was made for it.
 * Nothing is remembered: each look decides from the resource, its pod and its claim what comes next.
 *
 * Source: Velero, data path state machine.
 */
export class DataPathController<T extends DataPathObject>
  implements Controller
{
  readonly name: string;
  readonly type: ResourceTypeRef;
  readonly triggers: readonly Trigger[];
  /** Since when the API server refuses what has to be done, by name. */
  private readonly refusedSince = new Map<string, number>();

  /**
   * @param slots - the same for all four kinds: transfers are counted together
   */
  constructor(
    private readonly kind: DataPathKind<T>,
    private readonly slots: TransferSlots,
  ) {
    this.name = kind.name;
    this.type = dataPathType(kind.kind);
    const ownerOf = (object: KubernetesObject, context: ControllerContext) => {
      const uid = ownerUid(object);
      return uid === undefined
        ? []
        : this.keys(context, owner => owner.metadata.uid === uid);
    };
    this.triggers = [
      { type: coreTypes.pods, keys: ownerOf },
      { type: coreTypes.persistentVolumeClaims, keys: ownerOf },
      {
        type: veleroTypes.backupRepositories,
        keys: (_repository, context) =>
          this.keys(context, owner => phaseOf(owner) === 'Accepted'),
      },
      ...everyKind.map(kind_ => ({
        type: dataPathType(kind_),
        keys: (object: KubernetesObject, context: ControllerContext) =>
          isTerminalDataPathPhase(phaseOf(object as unknown as DataPathObject))
            ? this.keys(context, owner =>
                ['New', 'Prepared'].includes(phaseOf(owner)),
              )
            : [],
      })),
    ];
  }

  concurrency(config: EngineConfig): number {
    return Math.max(config.dataMover.loadConcurrency.overall, 4);
  }

  async reconcile(
    key: ObjectKey,
    context: ControllerContext,
  ): Promise<void | Requeue> {
    const { client, namespace, signal } = context;
    if (key.namespace !== namespace) return undefined;
    const found = await client.get<T>(this.type, key, { signal });
    if (!found || this.kind.isForeign?.(found)) return undefined;
    const latest = { owner: found };
    try {
      const requeue = await this.proceed(latest, context);
      this.refusedSince.delete(key.name);
      return requeue;
    } catch (error) {
      if (error instanceof ObjectGoneError) return undefined;
      const reason = hopeless(error);
      const refusal = reason ?? refusalOf(error);
      if (refusal === undefined || !isUnderway(latest.owner)) throw error;
      if (!reason && this.mayPass(latest.owner, error, context)) {
        const waiting = { waitingFor: refusal, againMs: refusedAgainMs };
        await this.tellWaiting(latest.owner, waiting, context);
        return { requeueAfterMs: waiting.againMs };
      }
      this.refusedSince.delete(key.name);
      await this.end(latest.owner, 'Failed', refusal, context);
      return { requeueAfterMs: 0 };
    }
  }

  /**
   * Rights arrive and quotas get room a moment later; after a while neither is believed in, unless it is our own transfers that
   * use up the quota: each makes room at its end.
   */
  private mayPass(
    owner: T,
    error: unknown,
    context: ControllerContext,
  ): boolean {
    const { name = '' } = owner.metadata;
    const now = context.clock.monotonic();
    const isOurs =
      isOverQuota(error) &&
      allOf(context).some(
        other =>
          other.metadata.uid !== owner.metadata.uid &&
          ['Prepared', 'InProgress', 'Canceling'].includes(phaseOf(other)),
      );
    const begun = isOurs ? now : this.refusedSince.get(name) ?? now;
    this.refusedSince.set(name, begun);
    return now - begun < refusalGraceMs;
  }

  /** Takes steps until something outside has to happen. `latest` keeps the resource as the last step left it. */
  private async proceed(
    latest: { owner: T },
    context: ControllerContext,
  ): Promise<Requeue | undefined> {
    for (;;) {
      const { owner } = latest;
      const next = await this.step(owner, context);
      if (next === 'ended') return undefined;
      if (isWaiting(next)) {
        context.logger.debug(
          {
            [this.kind.kind]: owner.metadata.name,
            waitingFor: next.waitingFor,
          },
          'Waiting',
        );
        await this.tellWaiting(owner, next, context);
        return { requeueAfterMs: next.againMs };
      }
      latest.owner = next;
    }
  }

  /** What takes long to prepare says why. */
  private async tellWaiting(
    owner: T,
    { waitingFor }: Waiting,
    context: ControllerContext,
  ): Promise<void> {
    const { acceptedTimestamp, message } = owner.status ?? {};
    const isSlow =
      phaseOf(owner) === 'Accepted' &&
      since(acceptedTimestamp, context.clock.now()) > slowMs;
    const text = `waiting: ${waitingFor}`;
    if (isSlow && message !== text) {
      await this.change(owner, context, { phase: 'Accepted', message: text });
    }
  }

  /** One step. Returns the resource after it, what it waits for, or that nothing is left to do. */
  private async step(
    owner: T,
    context: ControllerContext,
  ): Promise<T | Waiting | 'ended'> {
    const { step, pod } = await this.decide(owner, context);
    switch (step.do) {
      case 'cleanUp':
        return this.cleanUp(owner, context);
      case 'accept':
        return this.accept(owner, context);
      case 'expose':
        return this.expose(owner, context);
      case 'prepared':
        return this.change(owner, context, {
          phase: 'Prepared',
          message: '',
          ...this.kind.atNode?.(step.node),
        });
      case 'start':
        return this.start(owner, step.node, context);
      case 'cancel':
        return this.cancel(owner, context);
      case 'finish':
        return this.finish(owner, step.result, context);
      case 'end': {
        const isPreparing =
          phaseOf(owner) === 'Accepted' && step.phase === 'Failed';
        const details = isPreparing
          ? (await diagnose(owner, context)) || (owner.status?.message ?? '')
          : '';
        return this.end(
          owner,
          step.phase,
          details && !step.message.includes(details)
            ? `${step.message} (${details})`
            : step.message,
          context,
        );
      }
      default:
        return (
          (await this.endWithNode(owner, pod, context)) ?? {
            waitingFor: `pod ${temporaryName(owner)}`,
            againMs:
              phaseOf(owner) === 'Accepted' ? lookAgainMs * 3 : heartbeatMs,
          }
        );
    }
  }

  private async decide(
    owner: T,
    context: ControllerContext,
  ): Promise<{ step: DataPathStep; pod: Pod | undefined }> {
    const { client, clock, config, namespace, signal } = context;
    const phase = phaseOf(owner);
    const now = clock.now();
    const isIdle = phase === 'New' || isTerminalDataPathPhase(phase);
    const found = isIdle
      ? undefined
      : await client.get<Pod>(
          coreTypes.pods,
          { namespace, name: temporaryName(owner) },
          { signal },
        );
    const pod =
      found && ownerUid(found) === owner.metadata.uid ? found : undefined;
    const isStarting = phase === 'Accepted' && pod !== undefined;
    const { isWaitingForClaim = false } =
      (isStarting &&
        pod.status?.phase !== 'Running' &&
        (await this.kind.exposer.whileStarting?.(owner, context))) ||
      {};
    const state = podState(pod, now, isWaitingForClaim);
    const outcome = isIdle ? undefined : moverOutcome(owner, pod, state);
    const step = decideDataPath({
      phase,
      isEndRequested: isEndRequested(owner),
      pod: state,
      ...(outcome ? { outcome } : {}),
      acceptedForMs: since(owner.status?.acceptedTimestamp, now),
      prepareTimeoutMs: config.dataMover.prepareTimeoutSeconds * 1000,
      cancelingForMs: since(
        owner.metadata.annotations?.[dataPathAnnotations.cancelingSince],
        now,
      ),
    });
    return { step, pod };
  }

  private async accept(
    owner: T,
    context: ControllerContext,
  ): Promise<T | Waiting> {
    const { overall } = context.config.dataMover.loadConcurrency;
    if (!this.slots.accept(owner, allOf(context), overall)) {
      return {
        waitingFor: `one of ${overall} transfers in the cluster to end`,
        againMs: heartbeatMs,
      };
    }
    return this.change(
      owner,
      context,
      {
        phase: 'Accepted',
        acceptedTimestamp: rfc3339(context.clock.now()),
      },
      metadata => ({
        ...metadata,
        finalizers: [
          ...new Set([
            ...(metadata.finalizers ?? []),
            veleroFinalizers[this.kind.finalizer],
          ]),
        ],
      }),
    );
  }

  private async expose(
    owner: T,
    context: ControllerContext,
  ): Promise<T | Waiting> {
    const { client, clock, config, namespace, signal } = context;
    // Whatever the repository is doing, the snapshot is brought to safety meanwhile.
    const exposed = await this.kind.exposer.expose(owner, context);
    const secrets = await this.secrets(owner, context);
    if (isWaiting(exposed)) return exposed;
    if (isWaiting(secrets)) return secrets;
    await createOnce<Pod>(
      client,
      coreTypes.pods,
      moverPod({
        owner,
        namespace,
        config: config.dataMover,
        secrets,
        ...exposed,
      }),
      {
        clock,
        signal,
        isOurs: live => ownerUid(live) === owner.metadata.uid,
      },
    );
    return this.fresh(owner, context);
  }

  /** What the mover needs to open the repository, once that is there. */
  private async secrets(
    owner: T,
    context: ControllerContext,
  ): Promise<MoverSecrets | Waiting> {
    const { client, clock, namespace, signal } = context;
    const location = await client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace, name: owner.spec.backupStorageLocation },
      { signal },
    );
    if (!location) {
      throw new DataPathError(
        `BackupStorageLocation ${owner.spec.backupStorageLocation} does not exist`,
      );
    }
    const readiness = await ensureRepository(context, {
      location: owner.spec.backupStorageLocation,
      volumeNamespace: volumeNamespaceOf(owner),
    });
    if (readiness.state === 'ready') {
      return moverSecrets(location, readiness.repository);
    }
    const waited = since(owner.status?.acceptedTimestamp, clock.now());
    if (readiness.state === 'not-ready' && waited > repositoryGraceMs) {
      throw new DataPathError(
        `the repository cannot be used: ${readiness.message}`,
      );
    }
    return { waitingFor: readiness.message, againMs: lookAgainMs };
  }

  private async start(
    owner: T,
    node: string,
    context: ControllerContext,
  ): Promise<T | Waiting> {
    const { client, clock, config, signal } = context;
    const { loadConcurrency } = config.dataMover;
    const live = loadConcurrency.perNodeConfig
      ? await client
          .get(coreTypes.nodes, { name: node }, { signal })
          .catch(ignoreForbidden)
      : undefined;
    const limit = nodeLimit(loadConcurrency, live);
    if (!this.slots.start(owner, node, allOf(context), limit)) {
      return {
        waitingFor: `one of ${limit} transfers on node ${node} to end`,
        againMs: heartbeatMs,
      };
    }
    const started = await this.change(owner, context, {
      phase: 'InProgress',
      startTimestamp: rfc3339(clock.now()),
    });
    await tellEvent(
      owner,
      'Data-Path-Started',
      `The data is moved on node ${node}`,
      context,
    );
    return started;
  }

  private async cancel(owner: T, context: ControllerContext): Promise<T> {
    const { clock } = context;
    const marked = await this.change(
      owner,
      context,
      { phase: 'Canceling' },
      metadata => ({
        ...metadata,
        annotations: {
          ...metadata.annotations,
          [dataPathAnnotations.cancelingSince]: rfc3339(clock.now()),
        },
      }),
      // A deleted resource is a cancelled one: the mover looks at this field.
      { cancel: true },
    );
    await tellEvent(
      owner,
      'Data-Path-Canceling',
      'The mover is asked to end',
      context,
    );
    return marked;
  }

  private async finish(
    owner: T,
    result: MoverResult,
    context: ControllerContext,
  ): Promise<T | Waiting> {
    const { exposer } = this.kind;
    if (exposer.finish) {
      const noted = await this.noteResult(owner, result, context);
      const left = await exposer.finish(noted, context);
      if (left) return left;
    }
    const totalBytes = result.totalBytes ?? owner.status?.progress?.totalBytes;
    const ended = await this.change(owner, context, {
      phase: 'Completed',
      completionTimestamp: rfc3339(context.clock.now()),
      message: '',
      ...(totalBytes === undefined
        ? {}
        : { progress: { totalBytes, bytesDone: totalBytes } }),
      ...this.kind.result?.(result),
    });
    await tellEvent(owner, 'Data-Path-Completed', 'The data is moved', context);
    return ended;
  }

  /** The pod goes before its result is in place: it must not take the knowledge with it. */
  private async noteResult(
    owner: T,
    result: MoverResult,
    context: ControllerContext,
  ): Promise<T> {
    const key = dataPathAnnotations.moverResult;
    return owner.metadata.annotations?.[key]
      ? owner
      : annotateOwner(owner, { [key]: JSON.stringify(result) }, context);
  }

  private async end(
    owner: T,
    phase: 'Failed' | 'Canceled',
    message: string,
    context: ControllerContext,
  ): Promise<T> {
    const ended = await this.change(
      owner,
      context,
      {
        phase,
        message,
        completionTimestamp: rfc3339(context.clock.now()),
      },
      metadata => ({
        ...metadata,
        // Cancelled before it was accepted: there may be a snapshot to remove all the same.
        finalizers: metadata.deletionTimestamp
          ? metadata.finalizers
          : [
              ...new Set([
                ...(metadata.finalizers ?? []),
                veleroFinalizers[this.kind.finalizer],
              ]),
            ],
      }),
    );
    await tellEvent(
      owner,
      phase === 'Failed' ? 'Data-Path-Failed' : 'Data-Path-Canceled',
      message,
      context,
    );
    return ended;
  }

  private async cleanUp(
    owner: T,
    context: ControllerContext,
  ): Promise<Waiting | 'ended'> {
    this.slots.release(owner);
    const finalizer = veleroFinalizers[this.kind.finalizer];
    // Without it everything has been removed before, or never was made.
    if (!owner.metadata.finalizers?.includes(finalizer)) return 'ended';
    const left = await this.kind.exposer.cleanUp(owner, context);
    if (left) return left;
    await changeObject<T>(context, this.type, owner, current =>
      current.metadata.finalizers?.includes(finalizer)
        ? {
            ...current,
            metadata: {
              ...current.metadata,
              finalizers: current.metadata.finalizers.filter(
                name => name !== finalizer,
              ),
            },
          }
        : undefined,
    );
    return 'ended';
  }

  /** A node that is gone takes its pod along, but Kubernetes says so only minutes later. */
  private async endWithNode(
    owner: T,
    pod: Pod | undefined,
    context: ControllerContext,
  ): Promise<T | undefined> {
    const problem = await nodeProblem(pod?.spec.nodeName, context);
    return problem === undefined
      ? undefined
      : this.end(owner, 'Failed', problem, context);
  }

  private async change(
    owner: T,
    context: ControllerContext,
    status: { phase: DataPathPhase; [field: string]: unknown },
    metadata: (current: T['metadata']) => T['metadata'] = current => current,
    spec: object = {},
  ): Promise<T> {
    const before = phaseOf(owner);
    const changed = await changeObject<T>(context, this.type, owner, current =>
      phaseOf(current) === before
        ? {
            ...current,
            metadata: metadata(current.metadata),
            spec: { ...current.spec, ...spec },
            status: { ...current.status, ...status },
          }
        : undefined,
    );
    if (phaseOf(changed) !== before) {
      context.logger.info(
        {
          [this.kind.kind]: owner.metadata.name,
          ...(status.message ? { message: status.message } : {}),
        },
        `${before} → ${phaseOf(changed)}`,
      );
    }
    return changed;
  }

  private async fresh(owner: T, { client, signal }: ControllerContext) {
    const { namespace, name = '' } = owner.metadata;
    const found = await client.get<T>(
      this.type,
      { namespace, name },
      { signal },
    );
    if (!found || found.metadata.uid !== owner.metadata.uid) {
      throw new ObjectGoneError({ namespace, name });
    }
    return found;
  }

  private keys(
    context: ControllerContext,
    filter: (owner: T) => boolean,
  ): ObjectKey[] {
    return context
      .cacheOf<T>(this.type)
      .list(filter)
      .map(({ metadata }) => ({
        namespace: metadata.namespace ?? '',
        name: metadata.name ?? '',
      }));
  }
}

/** Resources of all four kinds, as far as they are known at this moment. */
function allOf(context: ControllerContext): DataPathObject[] {
  return everyKind.flatMap(kind =>
    context.cacheOf<DataPathObject>(dataPathType(kind)).list(),
  );
}

function since(time: string | undefined, now: number): number {
  const then = Date.parse(time ?? '');
  return Number.isNaN(then) ? 0 : now - then;
}

/** Why trying again cannot help; undefined when it may. */
function hopeless(error: unknown): string | undefined {
  if (error instanceof DataPathError) return error.message;
  return isInvalid(error)
    ? `the API server refuses: ${(error as Error).message}`
    : undefined;
}

function isOverQuota(error: unknown): boolean {
  return isForbidden(error) && /exceeded quota/.test((error as Error).message);
}

/** What the API server does not let us do, for people; undefined when that is not the matter. */
function refusalOf(error: unknown): string | undefined {
  if (!isForbidden(error)) return undefined;
  return `the API server refuses: ${(error as Error).message}${
    isOverQuota(error) ? '' : ' (are the roles in deploy/ applied?)'
  }`;
}

function ignoreForbidden(error: unknown): undefined {
  if (isForbidden(error)) return undefined;
  throw error;
}
