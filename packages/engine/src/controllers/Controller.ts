import type { BackupStorageLocation } from '@lifeboat/velero-api';
import type { Clock } from '../cluster/Clock';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { ApiObject, KubernetesObject } from '../cluster/KubernetesObject';
import type { ReadonlyCache } from '../cluster/ReadonlyCache';
import type { ResourceTypeRef } from '../cluster/ResourceType';
import type { EngineConfig } from '../config/EngineConfig';
import type { Logger } from '../config/Logger';
import type { BackupStore } from '../storage/BackupStore';
import type { RecordSigner } from '../storage/RecordSigner';

/** @public */
export interface ObjectKey {
  namespace: string;
  name: string;
}

/** @public */
export interface Requeue {
  requeueAfterMs: number;
}

/** @public */
export interface Trigger {
  type: ResourceTypeRef;
  /** Which objects a change of `object` concerns. */
  keys(object: KubernetesObject, context: ControllerContext): ObjectKey[];
}

/**
 * One custom resource's behaviour. `reconcile` runs once at a time per object,
 * for every change and after each `requeueAfterMs`; a thrown error is retried
 * with exponential back-off.
 * @public
 */
export interface Controller {
  readonly name: string;
  readonly type: ResourceTypeRef;
  /** Changes of other resources after which objects of this type are looked at again. */
  readonly triggers?: readonly Trigger[];
  /** Objects reconciled at the same time; 1 when absent. */
  concurrency?(config: EngineConfig): number;
  /**
   * Runs to its end once after each gain of the lease, before any reconcile of
   * any controller: brings what an earlier process left half done to a
   * truthful phase.
   */
  recover?(context: ControllerContext): Promise<void>;
  reconcile(
    key: ObjectKey,
    context: ControllerContext,
  ): Promise<void | Requeue>;
  /**
   * Resolves when nothing runs in the background any more. Asked after the
   * signal was aborted, and waited for a while before the lease is given back.
   */
  ended?(): Promise<void>;
}

/**
 * What a controller may use. `client` and opened stores refuse to write once
 * the lease is lost.
 * @public
 */
export interface ControllerContext {
  client: ClusterClient;
  /** The control namespace. */
  namespace: string;
  clusterName: string;
  clock: Clock;
  /** Aborted when the lease is lost or the process ends. */
  signal: AbortSignal;
  logger: Logger;
  config: EngineConfig;
  /** Throws once the lease is lost: asked before writes that neither `client` nor an opened store makes. */
  beforeWrite(): void;
  /** @throws StorageError with what to check */
  openStore(location: BackupStorageLocation): Promise<BackupStore>;
  /** A watched copy of one of our own resource types in the control namespace. */
  cacheOf<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
  ): ReadonlyCache<T>;
  /** Signs and verifies the records that backups carry; with `mayCreate: false` only verifies where there is no key yet. */
  signer(options?: { mayCreate: boolean }): Promise<RecordSigner>;
}
