import {
  autoExcludedClusterScopedResources,
  autoExcludedNamespaceScopedResources,
  defaults,
} from './defaults';
import { formatDuration, parseDurationOr } from './durations';
import { usesOldResourceFilters } from './filters/backupResourceFilter';
import type { BackupSpec } from './resources/Backup';
import {
  validateIncludesExcludes,
  validateScopedIncludesExcludes,
} from './validation/lists';

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

/** Faulty lists stay as they are, for the validation to find. */
function excludeSnapshotResources(spec: BackupSpec): BackupSpec {
  const ofNamespaces: readonly string[] = autoExcludedNamespaceScopedResources;
  const ofCluster: readonly string[] = autoExcludedClusterScopedResources;
  const changed = { ...spec };
  if (usesOldResourceFilters(spec)) {
    const both = [...ofNamespaces, ...ofCluster];
    const { includedResources: include, excludedResources: exclude } = spec;
    if (validateIncludesExcludes(include, exclude).length === 0) {
      changed.includedResources = without(include, both);
      changed.excludedResources = withAll(exclude, both);
    }
    return withoutUndefined(changed);
  }
  const pairs = [
    [
      'includedNamespaceScopedResources',
      'excludedNamespaceScopedResources',
      ofNamespaces,
    ],
    [
      'includedClusterScopedResources',
      'excludedClusterScopedResources',
      ofCluster,
    ],
  ] as const;
  for (const [included, excluded, names] of pairs) {
    const include = spec[included];
    const exclude = spec[excluded];
    if (validateScopedIncludesExcludes(include, exclude).length === 0) {
      changed[included] = without(include, names);
      changed[excluded] = withAll(exclude, names);
    }
  }
  return withoutUndefined(changed);
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
function without(
  list: string[] | undefined,
  names: readonly string[],
): string[] | undefined {
  const kept = list?.filter(name => !names.includes(name));
  return kept?.length ? kept : list;
}

function withoutUndefined(spec: BackupSpec): BackupSpec {
  return Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined),
  );
}

function isZero(text: string | undefined): boolean {
  try {
    return parseDurationOr(text, 0) === 0;
  } catch {
    return false;
  }
}
