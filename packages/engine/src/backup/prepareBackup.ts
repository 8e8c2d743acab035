import {
  Backup,
  defaults,
  formatDuration,
  parseDuration,
  parseDurationOr,
  prepareBackupSpec,
  validLabelValue,
  veleroAnnotations,
  veleroLabels,
} from '@lifeboat/velero-api';
import { cloneJson } from '../cluster/json';

/** What preparation takes from the cluster and the engine's configuration. */
export interface PreparationFacts {
  /** Go duration. */
  defaultTtl: string;
  /** For backups that do not say how long a snapshot may take. */
  csiSnapshotTimeoutMs: number;
  /** Name of the location the backup goes to. */
  storageLocation: string | undefined;
  /** Namespaces labelled `velero.io/exclude-from-backup=true`. */
  excludedNamespaces: string[];
  serverVersion: { gitVersion: string; major: string; minor: string };
  now: Date;
}

function withNames(list: string[] | undefined, names: string[]): string[] {
  return [...(list ?? []), ...names.filter(name => !list?.includes(name))];
}

/**
 * A copy of a Backup with the defaults, labels and annotations that Velero writes before it validates, and the fields of its
 * status that are known then.
 *
 * Source: Velero `prepareBackupRequest`.
 */
export function prepareBackup(backup: Backup, facts: PreparationFacts): Backup {
  const prepared = cloneJson(backup);
  const spec = prepareBackupSpec(prepared.spec ?? {}, {
    ttl: parseDurationOr(facts.defaultTtl, defaults.backupTtl),
    csiSnapshotTimeout: facts.csiSnapshotTimeoutMs,
  });
  prepared.spec = spec;
  if (facts.excludedNamespaces.length > 0) {
    spec.excludedNamespaces = withNames(
      spec.excludedNamespaces,
      facts.excludedNamespaces,
    );
  }
  spec.storageLocation ||= facts.storageLocation;
  prepared.metadata.labels = {
    ...prepared.metadata.labels,
    ...(spec.storageLocation && {
      [veleroLabels.storageLocation]: validLabelValue(spec.storageLocation),
    }),
  };
  prepared.metadata.annotations = {
    ...prepared.metadata.annotations,
    [veleroAnnotations.sourceClusterGitVersion]: facts.serverVersion.gitVersion,
    [veleroAnnotations.sourceClusterMajorVersion]: facts.serverVersion.major,
    [veleroAnnotations.sourceClusterMinorVersion]: facts.serverVersion.minor,
    [veleroAnnotations.resourceTimeout]: formatDuration(
      defaults.resourceTimeout,
    ),
  };
  prepared.status = {
    ...prepared.status,
    version: defaults.version,
    formatVersion: defaults.formatVersion,
    ...expirationOf(spec.ttl, facts.now),
  };
  return prepared;
}

function expirationOf(
  ttl: string | undefined,
  now: Date,
): { expiration: string } | undefined {
  try {
    return { expiration: seconds(now.getTime() + parseDuration(ttl ?? '')) };
  } catch {
    // Validation names the field; there is no expiration to write.
    return undefined;
  }
}

/** A time as Velero writes it: RFC 3339 in whole seconds. */
export function seconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
