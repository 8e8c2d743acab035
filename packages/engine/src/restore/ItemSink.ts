import type { DataDownload, PodVolumeRestore } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import type { ResourceType } from '../cluster/ResourceType';

/** How to place an object. */
export interface PlaceOptions {
  existingResourcePolicy: 'none' | 'update';
  /** Workloads outside the backup use it too. */
  shared: boolean;
  /** Status to be written after the object was created. */
  status?: unknown;
  /** The form in which an object of the cluster is compared with the one to be placed. */
  comparable(live: KubernetesObject): Promise<KubernetesObject>;
}

/** What became (or, in a preview, would become) of an object. */
export interface Placement {
  action: 'created' | 'updated' | 'skipped' | 'failed';
  /** Why it was skipped, for people. */
  reason?: string;
  warning?: string;
  error?: string;
  /** UID of the object in the cluster, once it is there. */
  uid?: string;
  /** The object was there, made by an earlier restore of the same backup: one that was cut short may have left it without its owners. */
  resumed?: boolean;
}

/** What became of a namespace that objects go to. */
export type NamespacePlacement = 'exists' | 'created';

/** The last step of a restore: writes to the cluster, or only tells what it would write. */
export interface ItemSink {
  /**
   * Makes sure that a namespace is there and ready.
   *
   * @param namespace - as it is created when missing
   * @throws Error when it cannot be had
   */
  ensureNamespace(namespace: KubernetesObject): Promise<NamespacePlacement>;
  /** Creates or changes an object. Findings are returned, not thrown. */
  place(
    object: KubernetesObject,
    type: ResourceType,
    options: PlaceOptions,
  ): Promise<Placement>;
  /** Gives an object an owner that was placed after it. Returns what went wrong, if anything. */
  addOwner(
    object: { namespace?: string; name: string },
    type: ResourceType,
    owner: NonNullable<KubernetesObject['metadata']['ownerReferences']>[number],
  ): Promise<string | undefined>;
  /** Whether a claim is there and waits for a volume to be handed over to it, as one of a restore that was cut short does. */
  awaitsVolume(claim: { namespace: string; name: string }): Promise<boolean>;
  /** Orders the content of a volume to be brought back. Returns what went wrong, if anything. */
  startOperation(
    operation: DataDownload | PodVolumeRestore,
  ): Promise<string | undefined>;
  /** Waits until a definition that was placed serves its objects. Returns what went wrong, if anything. */
  waitForDefinition(name: string): Promise<string | undefined>;
}
