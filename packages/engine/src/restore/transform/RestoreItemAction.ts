import type { Restore } from '@lifeboat/velero-api';
import type { JsonObject } from '../../backup/jsonPath';
import type { ResourceSelector } from '../../backup/actions/ResourceSelector';
import type { ItemIdentifier } from '../../backup/ItemIdentifier';
import type { PodVolumeData } from '../volumes/VolumeRecords';
import type { KubernetesObject } from '../../cluster/KubernetesObject';

/** What a transform may look at besides the object. */
export interface TransformContext {
  restore: Restore;
  /** The object as it is in the backup, with status and owners. */
  original: KubernetesObject;
  /** Source namespace of the object; undefined for cluster-scoped ones. */
  namespace: string | undefined;
  /** Where the object goes. */
  targetNamespace: string | undefined;
  /** Whether an object of the backup is part of this restore. */
  isRestored(item: ItemIdentifier): boolean;
  /** Of a pod: the volumes whose files are written through it once it is restored. */
  podVolumes(): PodVolumeData[];
  /** Of a pod: init containers that restore hooks add. */
  initContainers: JsonObject[];
  /** Whether commands are to be run in the pod after the restore. */
  hasHooks: boolean;
  /** Names of the ServiceAccounts in the backup or in the cluster, in the source namespace. */
  serviceAccounts(): string[];
  /** Whether a Service of the backup has a selector, so that the cluster writes its endpoints. */
  hasSelector(service: string): Promise<boolean>;
}

/** What a transform made of an object. */
export interface TransformResult {
  item: KubernetesObject;
  /** Why the object is not restored. */
  skip?: string;
  /** Objects of the backup to be restored before this one. */
  additionalItems?: ItemIdentifier[];
  /** For people: what was changed that they may have to look at. */
  warnings?: string[];
}

/**
 * A change that objects of some types need to work in another place. Source: Velero's RestoreItemAction.
 */
export interface RestoreItemAction {
  name: string;
  appliesTo: ResourceSelector;
  /** @param item - a copy that the action may change */
  execute(
    item: KubernetesObject,
    context: TransformContext,
  ): TransformResult | Promise<TransformResult>;
}
