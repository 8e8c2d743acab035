import {
  type Backup,
  type BackupStorageLocation,
  type BackupVolumeInfo,
  defaults,
  parseDurationOr,
  type Restore,
} from '@lifeboat/velero-api';
import { changeObject } from '../backup/changeObject';
import { logLine } from '../backup/logLine';
import { veleroTypes } from '../cluster/knownTypes';
import { hooksAnnotation, readHooks } from '../restore/hooks/pendingHooks';
import {
  type HooksOutcome,
  runRestoreHooks,
} from '../restore/hooks/runRestoreHooks';
import { execInPodOf } from '../volumes/hooks/execInPod';
import {
  addToResults,
  type LateFinding,
} from '../restore/results/storeResults';
import {
  contentWarnings,
  itemOperationsOf,
  listOperations,
  restoreVolumeInfoOf,
  whyWithoutContent,
} from '../restore/volumes/operations';
import { readRestoredVolumes } from '../restore/volumes/restoredVolumes';
import { settleClaims } from '../restore/volumes/settleClaims';
import type { ControllerContext } from './Controller';

const maxVolumeInfoBytes = 64 * 1024 * 1024;

/** How a restore ended after its objects were placed. */
export interface RestoreEnd {
  errors: number;
  warnings: number;
  operations: { attempted: number; completed: number; failed: number };
  hooks?: { hooksAttempted: number; hooksFailed?: number };
}

/**
 * Does what remains once all content has been written, or could not be: looks at claims, dresses their volumes, and completes the
 * results in storage. May be repeated by a later engine.
 *
 * @param problem - what ended the wait before its time, for people
 */
export async function finalizeRestore(
  restore: Restore,
  context: ControllerContext,
  problem?: string,
): Promise<RestoreEnd> {
  const { client, clock, signal, namespace } = context;
  const findings: LateFinding[] = [];
  const add = (
    side: LateFinding['side'],
    target: string | undefined,
    message: string,
  ) =>
    findings.push({
      side,
      scope: target ? { namespace: target } : { velero: true },
      message,
    });
  if (problem) {
    add('errors', undefined, problem);
  }
  const volumes = readRestoredVolumes(restore);
  const operations = await listOperations(restore, {
    client,
    namespace,
    signal,
  });
  for (const volume of volumes) {
    const why = whyWithoutContent(volume, operations);
    if (why) {
      add('errors', volume.namespace, why);
      volume.reason = why;
    }
  }
  for (const { namespace: target, message } of contentWarnings(
    restore,
    volumes,
    operations,
  )) {
    add('warnings', target, message);
  }
  const { store, volumeInfo } = await openBackupOf(restore, context);
  const settled = await settleClaims(
    volumes,
    (source, claim) =>
      volumeInfo.find(
        info => info.pvcNamespace === source && info.pvcName === claim,
      ),
    {
      client,
      clock,
      signal,
      timeoutMs: problem
        ? 0
        : Math.min(
            defaults.resourceTimeout,
            Math.max(deadlineOf(restore) - clock.now(), 0),
          ),
    },
  );
  settled.errors.forEach(each => add('errors', each.namespace, each.message));
  settled.warnings.forEach(each =>
    add('warnings', each.namespace, each.message),
  );
  const hooks = await runHooks(restore, context, problem);
  hooks?.errors.forEach(each => add('errors', each.namespace, each.message));
  const items = itemOperationsOf(restore, volumes, operations);
  if (store && (volumes.length > 0 || findings.length > 0 || hooks)) {
    const fields = { restore: `${namespace}/${restore.metadata.name}` };
    const now = new Date(clock.now());
    const stored = await addToResults(
      store,
      restore.metadata.name ?? '',
      {
        findings,
        lines: [
          ...findings.map(({ side, message }) =>
            logLine(
              now,
              side === 'errors' ? 'error' : 'warning',
              message,
              fields,
            ),
          ),
          ...(hooks?.lines ?? []).map(line =>
            logLine(now, 'info', line, fields),
          ),
        ],
        operations: items,
        volumeInfo: restoreVolumeInfoOf(volumes, operations, volume =>
          settled.volumes.get(`${volume.namespace}/${volume.claim}`),
        ),
      },
      signal,
    );
    if (stored) {
      add('errors', undefined, stored);
    }
  }
  const count = (side: LateFinding['side']) =>
    findings.filter(finding => finding.side === side).length;
  return {
    errors: count('errors'),
    warnings: count('warnings'),
    operations: {
      attempted: items.length,
      completed: items.filter(({ status }) => status.phase === 'Completed')
        .length,
      failed: items.filter(({ status }) => status.phase === 'Failed').length,
    },
    ...(hooks && {
      hooks: {
        hooksAttempted: hooks.attempted,
        ...(hooks.failed > 0 && { hooksFailed: hooks.failed }),
      },
    }),
  };
}

/** Runs what is to be run in restored pods, once: an engine that takes over does not know what another has run. */
async function runHooks(
  restore: Restore,
  context: ControllerContext,
  problem: string | undefined,
): Promise<HooksOutcome | undefined> {
  const state = readHooks(restore);
  if (!state) {
    return undefined;
  }
  const { client, clock, signal, config } = context;
  const attempted = state.pods.reduce(
    (sum, { hooks }) => sum + hooks.length,
    0,
  );
  const notRun = whyHooksAreNotRun(problem, state.started);
  if (notRun) {
    return {
      attempted,
      failed: attempted,
      errors: state.pods.map(({ namespace, pod }) => ({
        namespace,
        message: `restore hooks of pod ${pod}: ${notRun}`,
      })),
      lines: [],
    };
  }
  await changeObject(context, veleroTypes.restores, restore, current => ({
    ...current,
    metadata: {
      ...current.metadata,
      annotations: {
        ...current.metadata.annotations,
        ...hooksAnnotation({ ...state, started: true }),
      },
    },
  }));
  return runRestoreHooks(state.pods, {
    client,
    clock,
    exec: execInPodOf(context),
    signal,
    maxOutputBytes: config.hooks.maxOutputBytes,
    waitMs: Math.min(
      defaults.resourceTimeout,
      Math.max(deadlineOf(restore) - clock.now(), 0),
    ),
  });
}

function whyHooksAreNotRun(
  problem: string | undefined,
  started: boolean,
): string | undefined {
  if (problem) {
    return started
      ? 'they were ended: some may not have been run'
      : 'they were not run';
  }
  return started
    ? 'the engine stopped while they were run: some may not have been'
    : undefined;
}

/** When the content of volumes must be there, in milliseconds since 1970. */
export function deadlineOf(restore: Restore): number {
  return (
    Date.parse(restore.status?.startTimestamp ?? '') +
    parseDurationOr(
      restore.spec.itemOperationTimeout,
      defaults.itemOperationTimeout,
    )
  );
}

/** The storage of a restore's backup, when it is still there. */
async function openBackupOf(restore: Restore, context: ControllerContext) {
  const { client, namespace, signal } = context;
  const backupName = restore.spec.backupName ?? '';
  const backup = await client.get<Backup>(
    veleroTypes.backups,
    { namespace, name: backupName },
    { signal },
  );
  const location =
    backup &&
    (await client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace, name: backup.spec.storageLocation ?? '' },
      { signal },
    ));
  if (!location) {
    return { store: undefined, volumeInfo: [] };
  }
  const store = await context.openStore(location);
  const volumeInfo = await store
    .getBackupJson<BackupVolumeInfo[] | null>(backupName, 'volumeInfo', {
      signal,
      maxBytes: maxVolumeInfoBytes,
    })
    .catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
  return { store, volumeInfo: volumeInfo ?? [] };
}
