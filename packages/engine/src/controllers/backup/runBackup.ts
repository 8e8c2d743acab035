import {
  Backup,
  BackupPhase,
  BackupProgress,
  defaults,
  lifeboatAnnotations,
  parseDurationOr,
  readScope,
  writeVolumeCounts,
} from '@lifeboat/velero-api';
import { backupActions } from '../../backup/actions/backupActions';
import { backupFilters } from '../../backup/BackupFilters';
import { RunEndedError } from '../../backup/cancellation';
import { executeBackup, RunResult } from '../../backup/executeBackup';
import { existingNamespaces } from '../../backup/existingNamespaces';
import { ProgressReporter } from '../../backup/ProgressReporter';
import { putRunMarker } from '../../backup/RunMarker';
import { RunLog } from '../../backup/RunLog';
import { SpoolFolder } from '../../backup/SpoolFolder';
import { VolumeStage } from '../../backup/volumes/VolumeStage';
import type { Discovery } from '../../cluster/Discovery';
import { equalJson } from '../../cluster/json';
import { veleroTypes } from '../../cluster/knownTypes';
import { demandRepository } from '../../repositories/ensureRepository';
import type { BackupStore } from '../../storage/BackupStore';
import { execInPodOf } from '../../volumes/hooks/execInPod';
import type { ControllerContext } from '../Controller';
import { persistently } from '../persistently';
import { AdmittedBackup, admitBackup } from './admitBackup';
import {
  asItRan,
  changeBackup,
  expectPhase,
  ignoreGone,
  textOf,
  withStatus,
} from './backupChanges';
import { failBackup, removeFiles, stopData } from './failBackup';
import { putRunRecord } from './runRecord';
import { noteFrozen, wakeSignal } from './wakeApplications';

/**
 * Runs one Backup whose turn has come: admission, then objects, hooks and snapshots. It ends finished, failed, refused, or
 * waiting for its data.
 *
 * @param abort - its signal ends the run; its reason says why
 */
export async function runBackup(
  backup: Backup,
  context: ControllerContext,
  abort: AbortController,
): Promise<void> {
  const { client } = context;
  // Before the Backup is InProgress: a full disk must not leave it so.
  const spool = await SpoolFolder.create();
  try {
    const discovery = await client.discover(context.signal);
    const admitted = await admitBackup(backup, discovery, context);
    if (admitted) {
      await carryOut(admitted, discovery, { spool, abort }, context);
    }
  } finally {
    await spool.remove();
  }
}

async function carryOut(
  admitted: AdmittedBackup,
  discovery: Discovery,
  { spool, abort }: { spool: SpoolFolder; abort: AbortController },
  context: ControllerContext,
): Promise<void> {
  const { client, clock } = context;
  const { location } = admitted;
  let current = admitted.backup;
  let store: BackupStore | undefined;
  let ownsFiles = false;
  let finished: Backup | undefined;
  const signal = AbortSignal.any([context.signal, abort.signal]);
  const timeout = limitTime(current, context, abort);
  const log = new RunLog({
    file: spool.file('log.gz'),
    clock: () => new Date(clock.now()),
    fields: { backup: `${context.namespace}/${current.metadata.name}` },
  });
  const progress = new ProgressReporter<BackupProgress>(clock, async latest => {
    await client.patch(
      veleroTypes.backups,
      { namespace: context.namespace, name: current.metadata.name ?? '' },
      { contentType: 'merge', body: { status: { progress: latest } } },
      { signal },
    );
  });
  const afterRun = async (
    { partiallyFailed, volumes, status }: RunResult,
    phase: BackupPhase,
    partialPhase: BackupPhase,
  ) => {
    const latest = await progress.end();
    let edited = false;
    current = await changeBackup(context, current, found => {
      const kept = asItRan(
        expectPhase(found, ['InProgress', phase, partialPhase]),
        current,
      );
      edited = !equalJson(kept, found);
      return {
        ...withStatus(kept, {
          ...status,
          phase: partiallyFailed ? partialPhase : phase,
          ...(latest && { progress: latest }),
        }),
        metadata: {
          ...kept.metadata,
          annotations: {
            ...kept.metadata.annotations,
            ...writeVolumeCounts(volumes),
          },
        },
      };
    });
    if (edited) {
      log.warn(
        'the Backup was edited while it was running; the spec and the scope that it started with stay, because they say what is in it',
      );
    }
    return current;
  };
  try {
    await putRunRecord(current, context, signal);
    store = await context.openStore(location);
    if (await store.exists(current.metadata.name ?? '', { signal })) {
      throw new RunEndedError(
        `a backup named ${current.metadata.name} already exists in storage location ${location.metadata.name}; choose another name`,
      );
    }
    ownsFiles = true;
    const { name = '', uid = '' } = current.metadata;
    await putRunMarker(store, { name, uid }, { signal });
    const namespaces = await existingNamespaces(current.spec, client, signal);
    const filters = backupFilters(
      current.spec,
      discovery,
      namespaces.names,
      context.namespace,
      admitted.policies?.includeExcludePolicy,
    );
    finished = await executeBackup({
      backup: current,
      client,
      discovery,
      filters,
      controlNamespace: context.namespace,
      actions: await backupActions(discovery, client, signal),
      withRelatedItems: wantsRelatedItems(current),
      volumeStage: infos =>
        new VolumeStage(
          {
            backup: current,
            isComponent: readScope(current) !== undefined,
            client,
            discovery,
            clock,
            log,
            config: context.config,
            controlNamespace: context.namespace,
            policies: admitted.policies,
            claimsExcluded: filters.types.shouldExclude(
              'persistentvolumeclaims',
            ),
            exec: execInPodOf(context),
            signal,
            wakeSignal: () => wakeSignal(context),
            // Made while snapshots are taken; who moves the data asks again and says what is wrong.
            onDataWanted: volumeNamespace => {
              demandRepository(context, {
                location: location.metadata.name ?? '',
                volumeNamespace,
              }).catch(error =>
                log.info('the repository could not be asked for yet', {
                  namespace: volumeNamespace,
                  error: textOf(error),
                }),
              );
            },
            onFrozen: (pods, freezeSeconds) =>
              noteFrozen(
                current,
                pods,
                freezeSeconds,
                context,
                wakeSignal(context),
              ),
          },
          infos,
        ),
      store,
      signer: await context.signer(),
      log,
      clock,
      signal,
      onProgress: latest => progress.report(latest),
      onFinalizing: result =>
        afterRun(result, 'Finalizing', 'FinalizingPartiallyFailed'),
      onWaiting: async result => {
        await afterRun(
          result,
          'WaitingForPluginOperations',
          'WaitingForPluginOperationsPartiallyFailed',
        );
      },
    });
  } catch (error) {
    await progress.end();
    if (context.signal.aborted) {
      // Another engine, or this one after its restart, brings it to its end.
      throw error;
    }
    const reason = abort.signal.aborted
      ? textOf(abort.signal.reason)
      : textOf(error);
    context.logger.warn(
      { backup: current.metadata.name, reason },
      'backup failed',
    );
    const removed = !ownsFiles || (await removeFiles(store!, current));
    const cleaned = (await stopData(current, context)) && removed;
    await persistently(context, () =>
      failBackup(current, context, reason, !cleaned),
    );
  } finally {
    timeout.clear();
    await log.discard();
  }
  if (finished) {
    const { status = {} } = finished;
    await persistently(context, () =>
      changeBackup(context, current, found =>
        asItRan(withStatus(found, status), current),
      ).catch(ignoreGone),
    );
  }
}

/** Ends a run that takes longer than its Backup allows. */
function limitTime(
  backup: Backup,
  context: ControllerContext,
  abort: AbortController,
): { clear(): void } {
  const limit = parseDurationOr(
    backup.spec.itemOperationTimeout,
    defaults.itemOperationTimeout,
  );
  const timer = new AbortController();
  context.clock
    .sleep(limit, AbortSignal.any([timer.signal, context.signal]))
    .then(() =>
      abort.abort(
        new RunEndedError(
          `the backup did not end within ${backup.spec.itemOperationTimeout} (spec.itemOperationTimeout)`,
        ),
      ),
    )
    .catch(() => {});
  return { clear: () => timer.abort() };
}

function wantsRelatedItems(backup: Backup): boolean {
  const wish = backup.metadata.annotations?.[lifeboatAnnotations.relatedItems];
  if (wish === 'none') {
    return false;
  }
  return (
    wish === 'true' ||
    backup.spec.labelSelector !== undefined ||
    (backup.spec.orLabelSelectors ?? []).length > 0
  );
}
