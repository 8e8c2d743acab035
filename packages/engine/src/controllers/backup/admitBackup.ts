import {
  Backup,
  BackupStorageLocation,
  lifeboatAnnotations,
  readScope,
  validateBackupSpec,
} from '@lifeboat/velero-api';
import { existingNamespaces } from '../../backup/existingNamespaces';
import { prepareBackup, seconds } from '../../backup/prepareBackup';
import { scopeProblems } from '../../backup/scopeProblems';
import { chooseLocation, locationProblem } from '../../backup/storageLocation';
import type { Discovery } from '../../cluster/Discovery';
import { veleroTypes } from '../../cluster/knownTypes';
import { loadPolicies } from '../../volumes/policies/loadPolicies';
import type { ResourcePolicies } from '../../volumes/policies/ResourcePolicies';
import { consentProblem } from '../BackupConsent';
import { isWaiting } from '../BackupQueue';
import type { ControllerContext } from '../Controller';
import { placeFingerprint, storedInAnnotation } from '../storageLocations';
import { changeBackup, ignoreGone, textOf } from './backupChanges';

/** A Backup that is InProgress, with what its run needs. */
export interface AdmittedBackup {
  backup: Backup;
  location: BackupStorageLocation;
  policies?: ResourcePolicies;
}

/** Prepares and validates a Backup; gives nothing when it was refused. */
export async function admitBackup(
  backup: Backup,
  discovery: Discovery,
  context: ControllerContext,
): Promise<AdmittedBackup | undefined> {
  const { client, clock, config, signal } = context;
  const locations: BackupStorageLocation[] = [];
  for await (const location of client.list<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace: context.namespace, signal },
  )) {
    locations.push(location);
  }
  const wanted = backup.spec?.storageLocation || undefined;
  const name = chooseLocation(wanted, locations, config.defaultLocation);
  const location = locations.find(l => l.metadata.name === name);
  const problems: string[] = [];
  const add = (problem: string | undefined) => {
    if (problem) {
      problems.push(problem);
    }
  };
  add(locationProblem(name, location, wanted));
  let excludedNamespaces: string[] = [];
  problems.push(...validateBackupSpec(backup.spec ?? {}));
  if (problems.length === 0) {
    try {
      ({ excluded: excludedNamespaces } = await existingNamespaces(
        backup.spec ?? {},
        client,
        signal,
      ));
    } catch (error) {
      context.signal.throwIfAborted();
      add(`the cluster's namespaces cannot be read: ${textOf(error)}`);
    }
  }
  const prepared = prepareBackup(backup, {
    defaultTtl: config.defaultTtl,
    csiSnapshotTimeoutMs: config.volumes.csiSnapshotTimeoutSeconds * 1000,
    storageLocation: location ? name : wanted,
    excludedNamespaces,
    serverVersion: discovery.serverVersion,
    now: new Date(clock.now()),
  });
  // Once more with what preparation added: a list may have become impossible by it.
  for (const problem of validateBackupSpec(prepared.spec)) {
    if (!problems.includes(problem)) {
      problems.push(problem);
    }
  }
  const { policies, problem } = await loadPolicies(prepared.spec, {
    client,
    namespace: context.namespace,
    signal,
  });
  add(problem);
  if (prepared.spec.snapshotVolumes !== false) {
    for (const snapshotLocation of prepared.spec.volumeSnapshotLocations ??
      []) {
      add(
        `a VolumeSnapshotLocation CRD for the location ${snapshotLocation} cannot be used: native volume snapshots are not supported; remove spec.volumeSnapshotLocations`,
      );
    }
  }
  const scope = readScope(backup);
  if (scope) {
    problems.push(...scopeProblems(prepared.spec, scope));
    add(await consentProblem(scope, context));
  } else if (backup.metadata.annotations?.[lifeboatAnnotations.scope]) {
    add(
      `metadata.annotations["${lifeboatAnnotations.scope}"] cannot be understood; a backup with an unreadable scope would be nobody's`,
    );
  }
  const refused = problems.length > 0 || !location;
  const admitted = await changeBackup(context, backup, current =>
    isWaiting(current)
      ? {
          ...current,
          spec: prepared.spec,
          metadata: {
            ...current.metadata,
            labels: {
              ...current.metadata.labels,
              ...prepared.metadata.labels,
            },
            annotations: {
              ...current.metadata.annotations,
              ...prepared.metadata.annotations,
              ...(location &&
                !refused && {
                  [storedInAnnotation]: placeFingerprint(location),
                }),
            },
          },
          status: {
            ...current.status,
            ...prepared.status,
            queuePosition: undefined,
            ...(refused
              ? { phase: 'FailedValidation', validationErrors: problems }
              : {
                  phase: 'InProgress',
                  startTimestamp: seconds(clock.now()),
                }),
          },
        }
      : undefined,
  ).catch(ignoreGone);
  return admitted?.status?.phase === 'InProgress' && location && !refused
    ? { backup: admitted, location, ...(policies && { policies }) }
    : undefined;
}
