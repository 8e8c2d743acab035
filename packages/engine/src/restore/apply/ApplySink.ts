import {
  type DataDownload,
  defaults,
  lifeboatAnnotations,
  type PodVolumeRestore,
} from '@lifeboat/velero-api';
import { objectsAt, stringAt } from '../../backup/jsonPath';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isNotFound,
} from '../../cluster/ApiError';
import { backoffMs } from '../../cluster/backoff';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { createOnce } from '../../cluster/createOnce';
import { coreTypes, veleroTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { LeaseLostError } from '../../cluster/LeaseLostError';
import { groupResource, ResourceType } from '../../cluster/ResourceType';
import { isOutcomeUnknown } from '../../cluster/retryDecision';
import { accessCommand } from '../../consent/accessCommand';
import type {
  ItemSink,
  NamespacePlacement,
  PlaceOptions,
  Placement,
} from '../ItemSink';
import { sameBackup, sameRestore } from '../plan/compare';
import { decide, Decision } from '../plan/decide';
import { awaitsHandOver } from '../volumes/claimShape';
import { grantEngineAccess } from './engineAccess';

/** What waiting may take, in milliseconds. */
export interface ApplyTimeouts {
  /** For namespaces and objects that are being deleted. */
  terminating: number;
  /** For definitions to be established. */
  resource: number;
}

/** Velero's defaults. */
export const defaultApplyTimeouts: ApplyTimeouts = {
  terminating: defaults.terminatingResourceTimeout,
  resource: defaults.resourceTimeout,
};

/** How long a new namespace's rights may take to be known to all of the API server. */
const settleMs = 10_000;

const patchAttempts = 3;

const portTaken = 'provided port is already allocated';

/** Whether a failed creation means that the object is there already. Source: Velero `isAlreadyExistsError`. */
export async function meansAlreadyExists(
  error: unknown,
  object: { kind: string },
  exists: () => Promise<boolean>,
): Promise<boolean> {
  if (isAlreadyExists(error)) {
    return true;
  }
  const causes = error instanceof ApiError ? error.details?.causes ?? [] : [];
  return (
    object.kind === 'Service' &&
    causes.some(cause => cause.message?.includes(portTaken)) &&
    (await exists())
  );
}

/** Writes a restore into the cluster: create first, then compare with what is there. Source: Velero, one item. */
export class ApplySink implements ItemSink {
  /** When rights in a namespace made by this restore must have arrived, by the monotonic clock. */
  private readonly settledAt = new Map<string, number>();

  constructor(
    private readonly options: {
      client: ClusterClient;
      clock: Clock;
      signal: AbortSignal;
      timeouts?: ApplyTimeouts;
      /** Whether namespaces may be created. */
      mayCreateNamespaces: boolean;
      /** Why nothing may be restored into a namespace that exists, asked of what is found at that moment; absent: nothing is in the way. */
      namespaceProblem?(live: KubernetesObject): string | undefined;
      /** Namespace of the engine. */
      controlNamespace: string;
    },
  ) {}

  async ensureNamespace(
    namespace: KubernetesObject,
  ): Promise<NamespacePlacement> {
    const { client, clock, signal, mayCreateNamespaces } = this.options;
    const name = namespace.metadata.name ?? '';
    const found = await this.waitWhileTerminating(name);
    if (found) {
      return this.enter(found);
    }
    if (!mayCreateNamespaces) {
      throw new Error(
        `namespace ${name} does not exist, and the engine is configured not to create namespaces`,
      );
    }
    try {
      await createOnce(client, coreTypes.namespaces, namespace, {
        clock,
        signal,
        isOurs: live => sameMetadata(live, namespace),
      });
    } catch (error) {
      const other = isAlreadyExists(error)
        ? await client.get(coreTypes.namespaces, { name }, { signal })
        : undefined;
      if (other) {
        // Somebody made it since the restore was admitted.
        return this.enter(other);
      }
      throw error;
    }
    await this.giveAccess(name);
    return 'created';
  }

  /** @throws Error when the namespace, as it is now, does not agree */
  private async enter(live: KubernetesObject): Promise<NamespacePlacement> {
    const problem = this.options.namespaceProblem?.(live);
    if (problem) {
      throw new Error(problem);
    }
    // The engine may have died between making the namespace and giving itself access to it.
    if (live.metadata.annotations?.[lifeboatAnnotations.createdBy]) {
      await this.giveAccess(live.metadata.name ?? '');
    }
    return 'exists';
  }

  private async giveAccess(namespace: string): Promise<void> {
    const { clock, controlNamespace } = this.options;
    await grantEngineAccess(namespace, controlNamespace, this.options);
    this.settledAt.set(namespace, clock.monotonic() + settleMs);
  }

  /** The namespace, or undefined when there is none; one that is being deleted is waited for. */
  private async waitWhileTerminating(
    name: string,
  ): Promise<KubernetesObject | undefined> {
    const { client, clock, signal } = this.options;
    const until = clock.monotonic() + this.timeouts.terminating;
    for (;;) {
      const namespace = await client.get(
        coreTypes.namespaces,
        { name },
        { signal },
      );
      if (!namespace?.metadata.deletionTimestamp) {
        return namespace;
      }
      if (clock.monotonic() >= until) {
        throw new Error(
          `timed out waiting for terminating namespace ${name} to disappear before restoring`,
        );
      }
      await clock.sleep(500, signal);
    }
  }

  async place(
    object: KubernetesObject,
    type: ResourceType,
    options: PlaceOptions,
  ): Promise<Placement> {
    const { client, signal } = this.options;
    const { namespace, name = '' } = object.metadata;
    try {
      const created = await this.createSettled(type, object);
      const warning = await this.writeStatus(created, type, options.status);
      return {
        action: 'created',
        uid: created.metadata.uid,
        ...(warning && { warning }),
      };
    } catch (error) {
      this.rethrowFatal(error);
      const get = () => client.get(type, { namespace, name }, { signal });
      try {
        const exists = await meansAlreadyExists(
          error,
          object,
          async () => (await get()) !== undefined,
        );
        if (exists || (await this.isThereAnyway(error, get))) {
          return await this.placeOver(object, type, options);
        }
      } catch (second) {
        this.rethrowFatal(second);
        return {
          action: 'failed',
          error: `error retrieving in-cluster version of ${describe(
            object,
            type,
          )}: ${text(second)}`,
        };
      }
      return {
        action: 'failed',
        error: this.explainFailure(error, object, type),
      };
    }
  }

  /** Rights are asked before existence: an object that may not be created may well be there, as definitions often are. */
  private async isThereAnyway(
    error: unknown,
    get: () => Promise<KubernetesObject | undefined>,
  ): Promise<boolean> {
    if (!isForbidden(error) || isEscalation(error)) {
      return false;
    }
    try {
      return (await get()) !== undefined;
    } catch (second) {
      this.rethrowFatal(second);
      return false;
    }
  }

  private get timeouts(): ApplyTimeouts {
    return this.options.timeouts ?? defaultApplyTimeouts;
  }

  /** Creates an object; in a namespace that was just made, rights may take seconds to arrive. */
  private async createSettled(
    type: ResourceType,
    object: KubernetesObject,
  ): Promise<KubernetesObject> {
    const { client, clock, signal } = this.options;
    const until = this.settledAt.get(object.metadata.namespace ?? '') ?? 0;
    for (;;) {
      try {
        return await createOnce(client, type, object, {
          clock,
          signal,
          isOurs: live => sameRestore(live, object),
        });
      } catch (error) {
        if (!isMissingRight(error) || clock.monotonic() > until) {
          throw error;
        }
        await clock.sleep(250, signal);
      }
    }
  }

  /** Losing the lease or an abort ends the restore; everything else is a finding about one object. */
  private rethrowFatal(error: unknown): void {
    this.options.signal.throwIfAborted();
    if (error instanceof LeaseLostError) {
      throw error;
    }
  }

  private async placeOver(
    object: KubernetesObject,
    type: ResourceType,
    options: PlaceOptions,
  ): Promise<Placement> {
    const { client, clock, signal } = this.options;
    const { namespace, name = '' } = object.metadata;
    const until = clock.monotonic() + this.timeouts.terminating;
    let live = await client.get(type, { namespace, name }, { signal });
    while (live?.metadata.deletionTimestamp) {
      if (clock.monotonic() >= until) {
        return {
          action: 'failed',
          error: `timed out waiting for ${describe(
            object,
            type,
          )}, which is being deleted, to disappear`,
        };
      }
      await clock.sleep(500, signal);
      live = await client.get(type, { namespace, name }, { signal });
    }
    if (!live) {
      // It went away in between; a second creation must succeed or is an error of its own.
      try {
        const created = await this.createSettled(type, object);
        return { action: 'created', uid: created.metadata.uid };
      } catch (error) {
        this.rethrowFatal(error);
        return {
          action: 'failed',
          error: this.explainFailure(error, object, type),
        };
      }
    }
    const decision = decide(object, await options.comparable(live), options);
    return {
      ...(await this.carryOut(decision, object, type, live.metadata.uid)),
      ...(sameBackup(live, object) && { resumed: true }),
    };
  }

  private async carryOut(
    decision: Decision,
    object: KubernetesObject,
    type: ResourceType,
    uid: string | undefined,
  ): Promise<Placement> {
    switch (decision.action) {
      case 'update': {
        const warning = await this.patch(object, type, decision.patch);
        if (!warning) {
          return { action: 'updated', uid };
        }
        // The cluster refuses the content (immutable fields): at least the labels say who tried.
        if (decision.labels) {
          await this.patch(object, type, decision.labels);
        }
        return { action: 'failed', warning, uid };
      }
      case 'equal': {
        const warning =
          decision.patch && (await this.patch(object, type, decision.patch));
        return {
          action: 'skipped',
          reason: 'it is there and equal',
          uid,
          ...(warning && { warning }),
        };
      }
      case 'shared':
        return {
          action: 'skipped',
          reason: 'it is there, and other workloads use it too',
          uid,
        };
      case 'keep':
        return { action: 'failed', warning: decision.warning, uid };
      default:
        throw new Error('an object that is there cannot be created');
    }
  }

  private async patch(
    object: KubernetesObject,
    type: ResourceType,
    body: unknown,
  ): Promise<string | undefined> {
    const { client, clock, signal } = this.options;
    const { namespace, name = '' } = object.metadata;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.patch(
          type,
          { namespace, name },
          { contentType: 'merge', body },
          { signal },
        );
        return undefined;
      } catch (error) {
        this.rethrowFatal(error);
        // A merge patch may be sent twice: it says how things shall be.
        if (!isOutcomeUnknown(error) || attempt === patchAttempts) {
          return `error updating ${describe(object, type)}: ${text(error)}`;
        }
        await clock.sleep(
          backoffMs(attempt, { firstMs: 200, maxMs: 2_000 }),
          signal,
        );
      }
    }
  }

  private async writeStatus(
    created: KubernetesObject,
    type: ResourceType,
    status: unknown,
  ): Promise<string | undefined> {
    if (status === undefined) {
      return undefined;
    }
    try {
      await this.options.client.replace(
        type,
        { ...created, status },
        { subresource: 'status', signal: this.options.signal },
      );
      return undefined;
    } catch (error) {
      this.rethrowFatal(error);
      return `could not restore the status of ${describe(
        created,
        type,
      )}: ${text(error)}`;
    }
  }

  async addOwner(
    ref: { namespace?: string; name: string },
    type: ResourceType,
    owner: NonNullable<KubernetesObject['metadata']['ownerReferences']>[number],
  ): Promise<string | undefined> {
    const { client, clock, signal } = this.options;
    let wanted = owner;
    for (let attempt = 1; ; attempt += 1) {
      let live: KubernetesObject | undefined;
      try {
        live = await client.get(type, ref, { signal });
      } catch (error) {
        this.rethrowFatal(error);
        return couldNotOwn(type, ref, owner, error);
      }
      const present = live?.metadata.ownerReferences ?? [];
      if (
        !live ||
        present.some(
          known =>
            known.uid === owner.uid || (known.controller && owner.controller),
        )
      ) {
        // A controller has adopted it already, or it has been replaced.
        return undefined;
      }
      try {
        await client.patch(
          type,
          ref,
          {
            contentType: 'merge',
            body: {
              metadata: {
                resourceVersion: live.metadata.resourceVersion,
                ownerReferences: [...present, wanted],
              },
            },
          },
          { signal },
        );
        return undefined;
      } catch (error) {
        this.rethrowFatal(error);
        const mayRepeat = isConflict(error) || isOutcomeUnknown(error);
        if (mayRepeat && attempt < 5) {
          await clock.sleep(50 * attempt, signal);
        } else if (isForbidden(error) && wanted.blockOwnerDeletion) {
          // Blocking an owner's deletion needs a right over its finalizers that the engine may not have.
          const { blockOwnerDeletion: _, ...weaker } = wanted;
          wanted = weaker;
        } else if (isNotFound(error)) {
          return undefined;
        } else {
          return couldNotOwn(type, ref, owner, error);
        }
      }
    }
  }

  private explainFailure(
    error: unknown,
    object: KubernetesObject,
    type: ResourceType,
  ): string {
    const what = `error restoring ${describe(object, type)}`;
    if (isEscalation(error)) {
      return `${what}: the API server refuses it as an escalation, because it grants rights that the engine does not have: ${text(
        error,
      )}`;
    }
    if (!isMissingRight(error)) {
      return `${what}: ${text(error)}`;
    }
    const { namespace } = object.metadata;
    return namespace
      ? `${what}: ${text(
          error,
        )}. The platform team gives the engine access with: ${accessCommand(
          namespace,
          this.options.controlNamespace,
        )}`
      : `${what}: ${text(
          error,
        )}. It belongs to the whole cluster: an administrator creates it, then the restore is repeated`;
  }

  async awaitsVolume(claim: {
    namespace: string;
    name: string;
  }): Promise<boolean> {
    const { client, signal } = this.options;
    const live = await client
      .get(coreTypes.persistentVolumeClaims, claim, { signal })
      .catch(error => {
        this.rethrowFatal(error);
        return undefined;
      });
    return (
      live !== undefined &&
      awaitsHandOver(live) &&
      !stringAt(live, 'spec', 'volumeName')
    );
  }

  async startOperation(
    operation: DataDownload | PodVolumeRestore,
  ): Promise<string | undefined> {
    const { client, clock, signal } = this.options;
    const { uid } = operation.metadata.ownerReferences?.[0] ?? {};
    try {
      await createOnce<DataDownload | PodVolumeRestore>(
        client,
        operation.kind === 'DataDownload'
          ? veleroTypes.dataDownloads
          : veleroTypes.podVolumeRestores,
        operation,
        {
          clock,
          signal,
          isOurs: live => live.metadata.ownerReferences?.[0]?.uid === uid,
        },
      );
      return undefined;
    } catch (error) {
      this.rethrowFatal(error);
      return `${operation.kind} ${
        operation.metadata.name
      } could not be created: ${text(error)}`;
    }
  }

  async waitForDefinition(name: string): Promise<string | undefined> {
    const { client, clock, signal } = this.options;
    const until = clock.monotonic() + this.timeouts.resource;
    for (;;) {
      let definition: KubernetesObject | undefined;
      try {
        definition = await client.get(
          coreTypes.customResourceDefinitions,
          { name },
          { signal },
        );
      } catch (error) {
        this.rethrowFatal(error);
        return `the definition ${name} was created, but it is not known whether it is established: ${text(
          error,
        )}`;
      }
      const isTrue = (type: string) =>
        objectsAt(definition, 'status', 'conditions').some(
          condition => condition.type === type && condition.status === 'True',
        );
      if (isTrue('Established') && isTrue('NamesAccepted')) {
        return undefined;
      }
      if (clock.monotonic() >= until) {
        return `timed out waiting for the definition ${name} to be established`;
      }
      await clock.sleep(200, signal);
    }
  }
}

/** `services/shop/web`. */
function describe(object: KubernetesObject, type: ResourceType): string {
  const { namespace, name } = object.metadata;
  return [groupResource(type), namespace, name].filter(Boolean).join('/');
}

function couldNotOwn(
  type: ResourceType,
  ref: { name: string },
  owner: { kind: string; name: string },
  error: unknown,
): string {
  return `${groupResource(type)} ${ref.name} could not be given its owner ${
    owner.kind
  } ${owner.name}: ${text(error)}`;
}

/** Whether a namespace found after a lost answer is the one that was to be created. */
function sameMetadata(
  live: KubernetesObject,
  wanted: KubernetesObject,
): boolean {
  const has = (
    all: { [key: string]: string } | undefined,
    some: { [key: string]: string } | undefined,
  ) => Object.entries(some ?? {}).every(([key, value]) => all?.[key] === value);
  return (
    has(live.metadata.labels, wanted.metadata.labels) &&
    has(live.metadata.annotations, wanted.metadata.annotations)
  );
}

/** Whether a right is missing, which may arrive or be given; other refusals (a namespace that goes, an admission check) stay. */
function isMissingRight(error: unknown): boolean {
  return isForbidden(error) && /\bcannot \w+ resource\b/.test(text(error));
}

function isEscalation(error: unknown): boolean {
  return isForbidden(error) && text(error).includes('attempting to grant');
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
