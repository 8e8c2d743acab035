import {
  Backup,
  BackupScope,
  BackupStorageLocation,
  BackupVolumeInfo,
  defaults,
  excludeNonRestorableResources,
  formatDuration,
  lifeboatAnnotations,
  mostRecentCompletedBackup,
  readScope,
  Restore,
  validateRestoreSpec,
  validLabelValue,
  veleroLabels,
} from '@lifeboat/velero-api';
import { objectAt } from '../backup/jsonPath';
import { coreTypes, veleroTypes } from '../cluster/knownTypes';
import {
  targetOf,
  targetProblem,
  type TargetQuestion,
  tenantSpecProblems,
} from '../restore/limits/restoreTarget';
import {
  modifiersProblem,
  parseResourceModifiers,
  ResourceModifiers,
} from '../restore/modifiers/ResourceModifiers';
import { checkRecord, whyNotRestorable } from '../restore/openRestore';
import { repositoryProblem } from '../repositories/repositoryProblem';
import { readVolumeRecords } from '../restore/volumes/readVolumeRecords';
import { wantsNamespace, wantsVolumes } from '../restore/volumes/wantsVolumes';
import type { BackupStore } from '../storage/BackupStore';
import type { BackupRecord } from '../storage/RecordSigner';
import type { ControllerContext } from './Controller';
import { isSameBackup, movedLocation } from './storageLocations';

const maxVolumeInfoBytes = 64 * 1024 * 1024;

/** A Restore that may be carried out. */
export interface AdmittedRestore {
  /** With the fields that Velero completes. */
  restore: Restore;
  backup: Backup;
  store: BackupStore;
  modifiers?: ResourceModifiers;
  /** Present for tenants' restores. */
  scope?: BackupScope;
  targetNamespace?: string;
  record?: BackupRecord;
}

/** What validation found. */
export type RestoreAdmission =
  | { admitted: AdmittedRestore }
  /** `restore` has the completed fields. */
  | { refused: string[]; restore: Restore };

/**
 * Completes and validates a Restore: its spec, its backup and storage location, and for tenants the rules about targets and
 * signed records.
 *
 * Source: Velero `restore_controller.go`, validateAndComplete.
 */
export async function admitRestore(
  restore: Restore,
  context: ControllerContext,
): Promise<RestoreAdmission> {
  const spec = excludeNonRestorableResources(restore.spec ?? {});
  const completed: Restore = {
    ...restore,
    spec: {
      ...spec,
      itemOperationTimeout:
        spec.itemOperationTimeout ||
        formatDuration(defaults.itemOperationTimeout),
    },
  };
  const problems = validateRestoreSpec(restore.spec ?? {});
  const refuse = (...more: string[]): RestoreAdmission => ({
    refused: [...problems, ...more],
    restore: completed,
  });
  const scope = readScope(restore);
  if (!scope && restore.metadata.annotations?.[lifeboatAnnotations.scope]) {
    return refuse(
      `metadata.annotations["${lifeboatAnnotations.scope}"] cannot be understood`,
    );
  }
  if (problems.length > 0) {
    return refuse();
  }
  const chosen = await chooseBackup(completed, context);
  if ('problem' in chosen) {
    return refuse(chosen.problem);
  }
  const { backup } = chosen;
  const schedule = backup.metadata.labels?.[veleroLabels.scheduleName];
  if (schedule) {
    completed.spec.scheduleName = schedule;
    completed.metadata = {
      ...completed.metadata,
      labels: {
        ...completed.metadata.labels,
        [veleroLabels.scheduleName]: validLabelValue(schedule),
      },
    };
  }
  completed.spec.backupName = backup.metadata.name;
  const notRestorable = whyNotRestorable(backup);
  if (notRestorable) {
    return refuse(notRestorable);
  }
  const location = await context.client.get<BackupStorageLocation>(
    veleroTypes.backupStorageLocations,
    { namespace: context.namespace, name: backup.spec.storageLocation ?? '' },
    { signal: context.signal },
  );
  if (!location) {
    return refuse(
      `Error retrieving backup: its storage location ${backup.spec.storageLocation} does not exist`,
    );
  }
  if (location.status?.phase === 'Unavailable') {
    return refuse(
      `The BSL ${
        location.metadata.name
      } is unavailable, cannot retrieve the backup${
        location.status.message ? `: ${location.status.message}` : ''
      }. Please ensure the BSL is available before creating restore`,
    );
  }
  const store = await context.openStore(location);
  const lost = await storageProblem(backup, location, store, context.signal);
  if (lost) {
    return refuse(lost);
  }
  const modifiers = await readModifiers(completed, context);
  if ('problem' in modifiers) {
    return refuse(modifiers.problem);
  }
  const tenant = await admitTenant(completed, scope, store, context);
  if ('problems' in tenant) {
    return refuse(...tenant.problems);
  }
  const unreadable = await repositoryProblems(
    completed,
    backup,
    store,
    location,
    context,
  );
  if (unreadable.length > 0) {
    return refuse(...unreadable);
  }
  return {
    admitted: {
      restore: completed,
      backup,
      store,
      ...(modifiers.modifiers && { modifiers: modifiers.modifiers }),
      ...tenant,
    },
  };
}

async function chooseBackup(
  restore: Restore,
  context: ControllerContext,
): Promise<{ backup: Backup } | { problem: string }> {
  const { client, namespace, signal } = context;
  const { backupName, scheduleName } = restore.spec;
  if (backupName) {
    const backup = await client.get<Backup>(
      veleroTypes.backups,
      { namespace, name: backupName },
      { signal },
    );
    return backup
      ? { backup }
      : {
          problem: `Error retrieving backup: backups.velero.io "${backupName}" not found`,
        };
  }
  const backups: Backup[] = [];
  for await (const backup of client.list<Backup>(veleroTypes.backups, {
    namespace,
    labelSelector: `${veleroLabels.scheduleName}=${validLabelValue(
      scheduleName ?? '',
    )}`,
    signal,
  })) {
    backups.push(backup);
  }
  if (backups.length === 0) {
    return { problem: `No backups found for schedule` };
  }
  const newest = mostRecentCompletedBackup(backups);
  return newest
    ? { backup: newest }
    : { problem: `No completed backups found for schedule` };
}

/** Why what lies in storage is not the backup that the cluster knows, or undefined. */
async function storageProblem(
  backup: Backup,
  location: BackupStorageLocation,
  store: BackupStore,
  signal: AbortSignal,
): Promise<string | undefined> {
  const name = backup.metadata.name ?? '';
  const stored = await store.getMetadata(name, { signal });
  if (stored && isSameBackup(stored, backup)) {
    return undefined;
  }
  const place = `storage location ${location.metadata.name}`;
  return `backup ${name} cannot be restored: ${
    stored
      ? `${place} holds another backup of that name`
      : `it is not in ${place}`
  }${movedLocation(backup, location)}`;
}

/**
 * Why the repositories that a Restore needs cannot be read, or do not hold its data any more: that must be said before anything is
 * restored.
 */
async function repositoryProblems(
  restore: Restore,
  backup: Backup,
  store: BackupStore,
  location: BackupStorageLocation,
  context: ControllerContext,
): Promise<string[]> {
  if (!wantsVolumes(restore.spec)) {
    return [];
  }
  const { signal } = context;
  const name = backup.metadata.name ?? '';
  const volumeInfo = await store.getBackupJson<BackupVolumeInfo[] | null>(
    name,
    'volumeInfo',
    { signal, maxBytes: maxVolumeInfoBytes },
  );
  const records = await readVolumeRecords(
    store,
    backup,
    undefined,
    volumeInfo ?? undefined,
    signal,
  );
  const problems: string[] = [];
  // Which volumes a selector takes is known only from the tarball: what it leaves out may be missing.
  const { labelSelector, orLabelSelectors = [] } = restore.spec;
  const takesAll = !labelSelector && orLabelSelectors.length === 0;
  for (const { namespace, snapshotIDs } of records.repositories()) {
    if (wantsNamespace(restore.spec, namespace)) {
      const problem = await repositoryProblem(context, {
        location,
        volumeNamespace: namespace,
        ...(takesAll && { snapshotIDs }),
      });
      if (problem) {
        problems.push(problem);
      }
    }
  }
  return problems;
}

async function readModifiers(
  restore: Restore,
  context: ControllerContext,
): Promise<{ modifiers?: ResourceModifiers } | { problem: string }> {
  const reference = restore.spec.resourceModifier;
  if (!reference) {
    return {};
  }
  const name = `${context.namespace}/${reference.name}`;
  const configMap = await context.client.get(
    coreTypes.configMaps,
    { namespace: context.namespace, name: reference.name },
    { signal: context.signal },
  );
  if (!configMap) {
    return { problem: `failed to get resource modifiers configmap ${name}` };
  }
  try {
    const modifiers = parseResourceModifiers(
      objectAt(configMap, 'data') as { [key: string]: string },
    );
    const problem = modifiersProblem(modifiers);
    return problem
      ? {
          problem: `Validation error in resource modifiers provided in configmap ${name}: ${problem}`,
        }
      : { modifiers };
  } catch (error) {
    return {
      problem: `Error in parsing resource modifiers provided in configmap ${name}: ${
        (error as Error).message
      }`,
    };
  }
}

async function admitTenant(
  restore: Restore,
  scope: BackupScope | undefined,
  store: BackupStore,
  context: ControllerContext,
): Promise<
  | { scope?: BackupScope; targetNamespace?: string; record?: BackupRecord }
  | { problems: string[] }
> {
  const { client, clusterName, signal } = context;
  const backupName = restore.spec.backupName ?? '';
  const checked = await checkRecord(
    store,
    await context.signer({ mayCreate: false }),
    backupName,
    signal,
  );
  if (!scope) {
    // An admin's restore needs no record, but a record that is there helps.
    return 'record' in checked ? { record: checked.record } : {};
  }
  const problems = tenantSpecProblems(restore.spec, scope);
  if (scope.cluster !== clusterName) {
    problems.push(
      `the scope of ${scope.entityRef} is for cluster ${scope.cluster}, and this is cluster ${clusterName}`,
    );
  }
  if ('problem' in checked) {
    return {
      problems: [
        ...problems,
        `backup ${backupName} can be restored by admins only: ${checked.problem}`,
      ],
    };
  }
  const recorded = checked.record.scope;
  if (
    recorded?.entityRef !== scope.entityRef ||
    recorded.namespace !== scope.namespace
  ) {
    problems.push(
      `backup ${backupName} was made for ${
        recorded?.entityRef ?? 'no entity'
      }, not for ${scope.entityRef}`,
    );
  }
  const targetNamespace = targetOf(restore.spec, scope);
  const namespace = await client.get(
    coreTypes.namespaces,
    { name: targetNamespace },
    { signal },
  );
  const problem = targetProblem({
    ...targetRules(context),
    scope,
    recorded,
    target: targetNamespace,
    namespace,
  });
  if (problem) {
    problems.push(problem);
  }
  return problems.length > 0
    ? { problems }
    : { scope, targetNamespace, record: checked.record };
}

/** The engine's own rules about target namespaces. */
export function targetRules({
  namespace,
  clusterName,
  config,
}: ControllerContext): Pick<
  TargetQuestion,
  | 'controlNamespace'
  | 'clusterName'
  | 'restoreTargets'
  | 'createNamespaces'
  | 'configConsent'
> {
  return {
    controlNamespace: namespace,
    clusterName,
    restoreTargets: config.restoreTargets,
    createNamespaces: config.createNamespaces,
    configConsent: config.consent,
  };
}
