import { validLabelValue, veleroLabels } from '@lifeboat/velero-api';
import { isJsonObject, JsonObject, objectsAt } from '../../backup/jsonPath';
import { cloneJson, equalJson } from '../../cluster/json';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { stripMetadata, stripStatus } from '../transform/stripMetadata';

/** Labels that mark what a restore made. */
export function restoreLabels(
  restoreName: string,
  backupName: string,
): { [key: string]: string } {
  return {
    [veleroLabels.backupName]: validLabelValue(backupName),
    [veleroLabels.restoreName]: validLabelValue(restoreName),
  };
}

function sameLabels(
  live: KubernetesObject,
  placed: KubernetesObject,
  names: string[],
): boolean {
  return names.every(
    name =>
      live.metadata.labels?.[name] !== undefined &&
      live.metadata.labels[name] === placed.metadata.labels?.[name],
  );
}

/** Whether an object in the cluster was made by a restore of the same backup as the one to be placed. */
export function sameBackup(
  live: KubernetesObject,
  placed: KubernetesObject,
): boolean {
  return sameLabels(live, placed, [veleroLabels.backupName]);
}

/** Whether an object in the cluster was made by the same restore as the one to be placed. */
export function sameRestore(
  live: KubernetesObject,
  placed: KubernetesObject,
): boolean {
  return sameLabels(live, placed, [
    veleroLabels.restoreName,
    veleroLabels.backupName,
  ]);
}

/** A copy with further labels. */
export function withLabels(
  object: KubernetesObject,
  labels: { [key: string]: string },
): KubernetesObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, ...labels },
    },
  };
}

/** Drops nulls, empty objects and empty lists: written by one side and not by the other, they mean the same. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutEmpty);
  }
  if (isJsonObject(value)) {
    const result: JsonObject = {};
    for (const [key, member] of Object.entries(value)) {
      const kept = withoutEmpty(member);
      const isEmpty =
        kept === null ||
        kept === undefined ||
        (Array.isArray(kept) && kept.length === 0) ||
        (isJsonObject(kept) && Object.keys(kept).length === 0);
      if (!isEmpty) {
        result[key] = kept;
      }
    }
    return result;
  }
  return value;
}

/** An object of the cluster in the form in which it can be compared with one about to be restored. */
export function normalise(object: KubernetesObject): KubernetesObject {
  return stripStatus(stripMetadata(cloneJson(object)));
}

/** Whether an object of the cluster is the one about to be restored, apart from the labels that restores set. */
export function sameContent(
  live: KubernetesObject,
  desired: KubernetesObject,
): boolean {
  const comparable = (object: KubernetesObject) => {
    const copy = normalise(object);
    const labels = { ...copy.metadata.labels };
    delete labels[veleroLabels.backupName];
    delete labels[veleroLabels.restoreName];
    copy.metadata = { ...copy.metadata, labels };
    delete copy.metadata.managedFields;
    return withoutEmpty(copy);
  };
  return equalJson(comparable(live), comparable(desired));
}

function union(first: JsonObject[], second: JsonObject[]): JsonObject[] {
  const known = new Set(first.map(ref => String(ref.name)));
  return [...first, ...second.filter(ref => !known.has(String(ref.name)))];
}

/**
 * A ServiceAccount of the cluster with the secrets, pull secrets, labels and annotations of the backup added; what the cluster
 * has wins.
 *
 * Source: Velero `mergeServiceAccounts`.
 */
export function mergeServiceAccounts(
  live: KubernetesObject,
  desired: KubernetesObject,
): KubernetesObject {
  const merged = cloneJson(live);
  for (const member of ['secrets', 'imagePullSecrets'] as const) {
    const refs = union(objectsAt(live, member), objectsAt(desired, member));
    if (refs.length > 0) {
      merged[member] = cloneJson(refs);
    }
  }
  for (const member of ['labels', 'annotations'] as const) {
    const united = { ...desired.metadata[member], ...live.metadata[member] };
    if (Object.keys(united).length > 0) {
      merged.metadata[member] = united;
    }
  }
  return merged;
}
