import type {
  Backup,
  BackupScope,
  Restore,
  RestoreSpec,
  RunResults,
} from '@lifeboat/velero-api';
import { RunLog } from '../backup/RunLog';
import { SpoolFolder } from '../backup/SpoolFolder';
import type { ClusterClient } from '../cluster/ClusterClient';
import { coreTypes } from '../cluster/knownTypes';
import type { ConfigConsent, EngineConfig } from '../config/EngineConfig';
import type { BackupStore } from '../storage/BackupStore';
import type { RecordSigner } from '../storage/RecordSigner';
import { claimKeys, findExistingClaims } from './inPlace/findExistingClaims';
import { defaultAllowedClusterRoles } from './limits/allowedClusterRoles';
import {
  targetOf,
  targetProblem,
  tenantSpecProblems,
} from './limits/restoreTarget';
import {
  checkRecord,
  filtersOf,
  openBackup,
  whyNotRestorable,
} from './openRestore';
import { prioritiesByName } from './order/resourcePriorities';
import { PlanSink } from './plan/PlanSink';
import { RestoredItem, RestoreRun } from './RestoreRun';
import { restoreActions } from './transform/restoreActions';
import { readVolumeRecords } from './volumes/readVolumeRecords';
import type { RestoredVolume } from './volumes/RestoredVolume';

/** What a preview needs. Nothing is written, neither to the cluster nor to storage. @public */
export interface PlanRestoreOptions {
  client: ClusterClient;
  store: BackupStore;
  signer: RecordSigner;
  backup: Backup;
  /** As it would be in the Restore. */
  spec: RestoreSpec;
  /** The scope of the tenant who asks; absent for an admin. */
  scope?: BackupScope;
  controlNamespace: string;
  clusterName: string;
  restoreTargets: string[];
  createNamespaces: boolean;
  configConsent: readonly ConfigConsent[];
  /** As the engine is configured; its defaults when absent. */
  restore?: Partial<EngineConfig['restore']>;
  /** Whether files are written through nodes into restored pods (`fileSystemBackup.enabled`). */
  fileSystemRestore?: boolean;
  /** Whether the Restore would bring the content of claims that are there back too (annotation `lifeboat.dev/restore-data`). */
  existingClaims?: boolean;
  signal: AbortSignal;
}

/** What a restore would do with one object. @public */
export interface PlannedItem {
  apiVersion: string;
  kind: string;
  name: string;
  /** Where it would go; absent for cluster-scoped objects. */
  namespace?: string;
  /** `created`: it is missing; `updated`: it would be changed; `skipped`: it stays as it is or is not needed; `failed`: refused. */
  action: 'created' | 'updated' | 'skipped' | 'failed';
  reason?: string;
  /** It is in the cluster already. */
  exists: boolean;
}

/** What a restore would do with the content of one volume. @public */
export interface PlannedVolume {
  /** Absent for volumes that are a pod's own. */
  claim?: string;
  /** Where it would go. */
  namespace: string;
  /**
   * `download`: from the repository into a new volume; `files`: from the repository, through the restored pod; `snapshot`: from a
   * snapshot that is still in the storage system; `in-place`: into the claim that is there, whose old volume is kept;
   * `empty`: a new volume without content, or what is there stays; `lost`: it should be in the backup and is not.
   */
  method: 'download' | 'files' | 'snapshot' | 'in-place' | 'empty' | 'lost';
  reason?: string;
  /** Bytes, where known. */
  size?: number;
}

/** What a restore would do. @public */
export interface RestorePlan {
  /** Why the restore would be refused; empty when it may start. */
  problems: string[];
  items: PlannedItem[];
  /** Warnings and errors that would end up in the results. */
  results: RunResults;
  /** Claims whose data the backup does not have. */
  volumesWithoutData: number;
  /** What would become of the content of each volume. */
  volumes: PlannedVolume[];
  targetNamespace?: string;
  targetExists?: boolean;
}

/**
 * Tells what a restore would do: the restore itself with another last step, one that only reads.
 *
 * @throws ContentsError if the backup's contents cannot be read; ApiError or StorageError if cluster or storage do not answer
 * @public
 */
export async function planRestore(
  options: PlanRestoreOptions,
): Promise<RestorePlan> {
  const { client, store, signer, backup, scope, signal } = options;
  const backupName = backup.metadata.name ?? '';
  const problems: string[] = [];
  const add = (problem: string | undefined) => {
    if (problem) {
      problems.push(problem);
    }
  };
  add(whyNotRestorable(backup));
  const target = scope && targetOf(options.spec, scope);
  const namespace =
    target === undefined
      ? undefined
      : await client.get(coreTypes.namespaces, { name: target }, { signal });
  const checked = await checkRecord(store, signer, backupName, signal);
  if (scope && target !== undefined) {
    problems.push(...tenantSpecProblems(options.spec, scope));
    add(
      targetProblem({
        ...options,
        scope,
        target,
        namespace,
        ...('record' in checked && { recorded: checked.record.scope }),
      }),
    );
    if ('problem' in checked) {
      add(
        `backup ${backupName} can be restored by admins only: ${checked.problem}`,
      );
    }
  }
  const empty = { errors: {}, warnings: {} };
  if (problems.length > 0) {
    return {
      problems,
      items: [],
      results: empty,
      volumesWithoutData: 0,
      volumes: [],
      ...(target && { targetNamespace: target, targetExists: !!namespace }),
    };
  }
  const spool = await SpoolFolder.create();
  const log = new RunLog({
    file: spool.file('log.gz'),
    clock: () => new Date(),
    fields: {},
  });
  try {
    const opened = await openBackup(
      store,
      backupName,
      spool.file('contents'),
      'record' in checked ? checked.record : undefined,
      { signal },
    );
    try {
      const restore: Restore = {
        apiVersion: 'velero.io/v1',
        kind: 'Restore',
        metadata: { name: 'preview', namespace: options.controlNamespace },
        spec: { ...options.spec, backupName },
      };
      const discovery = await client.discover(signal);
      const sink = new PlanSink(client, signal);
      const filters = filtersOf(restore, opened.contents, discovery);
      const records = await readVolumeRecords(
        store,
        backup,
        opened.contents,
        opened.volumeInfo,
        signal,
      );
      const existing = options.existingClaims
        ? await findExistingClaims({
            contents: opened.contents,
            filters,
            records,
            client,
            shared: opened.shared,
            targetOf: name => options.spec.namespaceMapping?.[name] ?? name,
            signal,
          })
        : undefined;
      const outcome = await new RestoreRun({
        restore,
        backupName,
        contents: opened.contents,
        volumeInfo: opened.volumeInfo,
        shared: opened.shared,
        discovery,
        discover: async () => sink.afterDefinitions(discovery),
        filters,
        volumes: {
          backup,
          records,
          fileSystemRestore:
            options.fileSystemRestore === true && !options.existingClaims,
          inPlace: claimKeys(existing?.claims ?? []),
          snapshotClassOf: () => undefined,
        },
        priorities: prioritiesByName[options.restore?.order ?? 'oadp'],
        actions: await restoreActions(
          client,
          discovery,
          options.controlNamespace,
          signal,
          { image: '' },
        ),
        ...(scope &&
          target && {
            tenant: {
              scope,
              targetNamespace: target,
              allowedClusterRoles:
                options.restore?.allowedClusterRoles ??
                defaultAllowedClusterRoles,
            },
          }),
        sink,
        log,
        signal,
        onProgress: () => {},
      }).run();
      return {
        problems,
        items: outcome.items.map(item => plannedItem(item, sink)),
        results: outcome.findings.results,
        volumesWithoutData: outcome.volumesWithoutData,
        volumes: outcome.volumes.map(plannedVolume),
        ...(target && { targetNamespace: target, targetExists: !!namespace }),
      };
    } finally {
      await opened.contents.close();
    }
  } finally {
    await log.discard();
    await spool.remove();
  }
}

function plannedVolume(volume: RestoredVolume): PlannedVolume {
  const { claim, namespace, method, reason, size } = volume;
  return {
    ...(claim && { claim }),
    namespace,
    method,
    ...(reason && { reason }),
    ...(size !== undefined && { size }),
  };
}

function plannedItem(item: RestoredItem, sink: PlanSink): PlannedItem {
  return {
    apiVersion: item.apiVersion,
    kind: item.kind,
    name: item.id.name,
    ...(item.targetNamespace && { namespace: item.targetNamespace }),
    action: item.action,
    ...(item.reason && { reason: item.reason }),
    exists: sink.found({
      apiVersion: item.apiVersion,
      kind: item.kind,
      namespace: item.targetNamespace,
      name: item.id.name,
    }),
  };
}
