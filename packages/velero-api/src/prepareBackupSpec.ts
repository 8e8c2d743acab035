import {
  autoExcludedClusterScopedResources,
  autoExcludedNamespaceScopedResources,
  defaults,
} from './defaults';
import { formatDuration, parseDurationOr } from './durations';
import { usesOldResourceFilters } from './filters/backupResourceFilter';
import type { BackupSpec } from './resources/Backup';

/**
 * Server settings that fill gaps of a BackupSpec. Durations in milliseconds.
 *
 * @public
 */
export interface BackupDefaults {
  ttl?: number;
  csiSnapshotTimeout?: number;
  itemOperationTimeout?: number;
  snapshotMoveData?: boolean;
  defaultVolumesToFsBackup?: boolean;
  volumeGroupSnapshotLabelKey?: string;
}

/**
 * A BackupSpec as it is stored with the backup: gaps filled with the server's settings, CSI snapshots taken out of the
 * filters (they come in with their claims), and no namespaces turned into `['*']`. Calling it again changes nothing.
 * Velero: `prepareBackupRequest`.
 *
 * @public
 */
export function prepareBackupSpec(
  spec: BackupSpec,
  server: BackupDefaults = {},
): BackupSpec {
  const duration = (text: string | undefined, fallback: number) =>
    isZero(text) ? formatDuration(fallback) : text;
  const prepared: BackupSpec = {
    ...spec,
    ttl: duration(spec.ttl, server.ttl ?? defaults.backupTtl),
    csiSnapshotTimeout: duration(
      spec.csiSnapshotTimeout,
      server.csiSnapshotTimeout ?? defaults.csiSnapshotTimeout,
    ),
    itemOperationTimeout: duration(
      spec.itemOperationTimeout,
      server.itemOperationTimeout ?? defaults.itemOperationTimeout,
    ),
    volumeGroupSnapshotLabelKey:
      spec.volumeGroupSnapshotLabelKey ||
      server.volumeGroupSnapshotLabelKey ||
      defaults.volumeGroupSnapshotLabelKey,
    snapshotMoveData:
      spec.snapshotMoveData ??
      server.snapshotMoveData ??
      defaults.snapshotMoveData,
    defaultVolumesToFsBackup:
      spec.defaultVolumesToRestic === true
        ? true
        : spec.defaultVolumesToFsBackup ??
          server.defaultVolumesToFsBackup ??
          defaults.defaultVolumesToFsBackup,
    includedNamespaces: spec.includedNamespaces?.length
      ? spec.includedNamespaces
      : ['*'],
  };
  return excludeSnapshotResources(prepared);
}

function excludeSnapshotResources(spec: BackupSpec): BackupSpec {
  const ofNamespaces: readonly string[] = autoExcludedNamespaceScopedResources;
  const ofCluster: readonly string[] = autoExcludedClusterScopedResources;
  if (usesOldResourceFilters(spec)) {
    const both = [...ofNamespaces, ...ofCluster];
    return {
      ...spec,
      ...without('includedResources', spec.includedResources, both),
      excludedResources: withAll(spec.excludedResources, both),
    };
  }
  return {
    ...spec,
    ...without(
      'includedNamespaceScopedResources',
      spec.includedNamespaceScopedResources,
      ofNamespaces,
    ),
    excludedNamespaceScopedResources: withAll(
      spec.excludedNamespaceScopedResources,
      ofNamespaces,
    ),
    ...without(
      'includedClusterScopedResources',
      spec.includedClusterScopedResources,
      ofCluster,
    ),
    excludedClusterScopedResources: withAll(
      spec.excludedClusterScopedResources,
      ofCluster,
    ),
  };
}

/** `*` leaves them out already, and must stay alone. */
function withAll(
  list: readonly string[] | undefined,
  names: readonly string[],
): string[] {
  return list?.includes('*')
    ? [...list]
    : [...new Set([...(list ?? []), ...names])];
}

/** A list that would become empty is kept: an empty list means everything. */
function without<Key extends string>(
  key: Key,
  list: readonly string[] | undefined,
  names: readonly string[],
): Partial<Record<Key, string[]>> {
  const kept = list?.filter(name => !names.includes(name));
  return kept?.length ? ({ [key]: kept } as Record<Key, string[]>) : {};
}

function isZero(text: string | undefined): boolean {
  try {
    return parseDurationOr(text, 0) === 0;
  } catch {
    return false;
  }
}
