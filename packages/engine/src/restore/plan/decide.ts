import { veleroLabels } from '@lifeboat/velero-api';
import type { JsonObject } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { mergePatchBetween } from '../modifiers/mergePatch';
import { mergeServiceAccounts, sameContent } from './compare';

/** What a restore does with one object. */
export type Decision =
  | { action: 'create' }
  /** The object is there and equal; `patch` moves only the labels. */
  | { action: 'equal'; patch?: JsonObject }
  /** The object is there and becomes the backed-up one; `labels` alone is tried when the cluster refuses the whole. */
  | { action: 'update'; patch: JsonObject; labels?: JsonObject }
  /** The object is there and different, and stays. */
  | { action: 'keep'; warning: string }
  /** The object is there, and workloads outside the restore use it too. */
  | { action: 'shared' };

/** How a restore treats objects that exist. */
export interface DecisionOptions {
  existingResourcePolicy: 'none' | 'update';
  /** Workloads outside the backup use the object too: it is never changed. */
  shared: boolean;
}

function labelPatch(desired: KubernetesObject): JsonObject {
  const labels = desired.metadata.labels ?? {};
  return {
    metadata: {
      labels: {
        [veleroLabels.backupName]: labels[veleroLabels.backupName],
        [veleroLabels.restoreName]: labels[veleroLabels.restoreName],
      },
    },
  };
}

function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function withoutRestoreLabels(object: KubernetesObject): KubernetesObject {
  const labels = { ...object.metadata.labels };
  delete labels[veleroLabels.backupName];
  delete labels[veleroLabels.restoreName];
  return { ...object, metadata: { ...object.metadata, labels } };
}

/**
 * Decides what happens to one object, given what the cluster has under its name. Pure: preview and restore use it alike.
 *
 * @param live - what the cluster has, in the form in which a restore would write it (see `normalise`); undefined when there is
 *   nothing
 *
 * Source: Velero, existing objects.
 */
export function decide(
  desired: KubernetesObject,
  live: KubernetesObject | undefined,
  options: DecisionOptions,
): Decision {
  if (!live) {
    return { action: 'create' };
  }
  if (options.shared) {
    return { action: 'shared' };
  }
  const update = options.existingResourcePolicy === 'update';
  if (sameContent(live, desired)) {
    return update
      ? { action: 'equal', patch: labelPatch(desired) }
      : { action: 'equal' };
  }
  if (desired.kind === 'ServiceAccount' && desired.apiVersion === 'v1') {
    const merged = mergeServiceAccounts(live, withoutRestoreLabels(desired));
    const patch = mergePatchBetween(live, merged);
    return patch ? { action: 'update', patch } : { action: 'equal' };
  }
  if (update) {
    const patch = mergePatchBetween(
      withoutManagedFields(live),
      withoutManagedFields(desired),
    );
    return patch
      ? { action: 'update', patch, labels: labelPatch(desired) }
      : { action: 'equal' };
  }
  return {
    action: 'keep',
    warning: `could not restore, ${desired.kind}:${desired.metadata.name} already exists. Warning: the in-cluster version is different than the backed-up version`,
  };
}
