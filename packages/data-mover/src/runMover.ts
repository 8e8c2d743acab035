import { readFile } from 'node:fs/promises';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { backUpVolume } from './backup/backUpVolume';
import { snapshotWarnings } from './backup/snapshotWarnings';
import { apiTypes } from './cluster/ownerType';
import type { PodApi } from './cluster/PodApi';
import { readTask, type OwnerTask } from './cluster/readTask';
import { CancelledError, watchOwner } from './cluster/watchOwner';
import type { MoverCommand } from './command/MoverCommand';
import { explainFailure, type FailurePlace } from './explainFailure';
import { withoutSecrets, type Log } from './log';
import { maintainRepository } from './maintain/maintainRepository';
import type { MemoryPlan } from './memory/memoryPlan';
import {
  resultAnnotation,
  writeMoverResult,
  type MoverResult,
} from './moverResult';
import { ProgressReporter } from './progress/ProgressReporter';
import {
  openVolumeRepository,
  readPassword,
  type VolumeRepository,
} from './repository/openVolumeRepository';
import { restoreVolume } from './restore/restoreVolume';
import { StartSignal } from './StartSignal';

export interface MoverEnvironment {
  readonly api: PodApi;
  readonly memory: MemoryPlan;
  readonly log: Log;
  /** Collects what must not be logged. */
  readonly secrets: string[];
  /** Aborted with a CancelledError by signals of the system. */
  readonly signal: AbortSignal;
  /** Whether this process may give files to other users. */
  readonly isRoot: boolean;
}

const maintenanceTexts = {
  none: 'No maintenance was due',
  quick: 'Quick maintenance',
  full: 'Full maintenance',
};

/** How long the last state is tried to be written before the process ends without. */
const lastWriteMs = 20_000;

/**
 * Does what a mover was started for. Never throws: the result says what happened, and is on the custom resource too, as
 * far as the API server can be reached.
 */
export async function runMover(
  command: MoverCommand,
  environment: MoverEnvironment,
): Promise<MoverResult> {
  const { api, log, secrets } = environment;
  const controller = new AbortController();
  const signal = AbortSignal.any([environment.signal, controller.signal]);
  const finished = new AbortController();
  const place: { -readonly [K in keyof FailurePlace]: FailurePlace[K] } = {
    controlNamespace: command.settings.namespace,
  };
  const type = apiTypes[command.owner.kind];
  const { name } = command.owner;
  let reporter: ProgressReporter | undefined;
  let watching: Promise<void> | undefined;
  const started = new StartSignal();
  let result: MoverResult;
  try {
    const task = await readTask(api, command, signal);
    place.location = task.location;
    place.volumeNamespace = task.volumeNamespace;
    if (command.command !== 'maintain') {
      reporter = new ProgressReporter({
        write: async patch => {
          await api.mergePatch(type, name, patch, finished.signal);
        },
        onWriteError: error =>
          log('warn', `Progress could not be written: ${messageOf(error)}`),
      });
      watching = watchOwner({
        api,
        type,
        name,
        uid: task.uid,
        signal: finished.signal,
        onStart: () => started.set(),
        onCancel: reason => controller.abort(reason),
      });
    }
    result = await work(command, task, environment, signal, started, reporter);
  } catch (error) {
    // The signal's own reason: what it made fail does not matter.
    const reason: unknown = signal.aborted ? signal.reason : error;
    const message = withoutSecrets(explainFailure(reason, place), secrets);
    result =
      reason instanceof CancelledError
        ? { outcome: 'canceled', message }
        : { outcome: 'failed', message };
  }
  log(
    result.outcome === 'completed' ? 'info' : 'error',
    result.outcome,
    result,
  );
  const last = await reporter?.finish();
  finished.abort();
  await watching;
  if (last) {
    const { snapshotID, incrementalBytes } = result;
    const status = {
      ...last.status,
      ...(command.command === 'backup' &&
        result.outcome === 'completed' && {
          snapshotID,
          path: command.volumePath,
          incrementalBytes,
        }),
    };
    await api
      .mergePatch(
        type,
        name,
        {
          metadata: {
            annotations: {
              ...last.metadata.annotations,
              [resultAnnotation]: writeMoverResult(result),
            },
          },
          status,
        },
        AbortSignal.timeout(lastWriteMs),
      )
      .catch(error =>
        log(
          'warn',
          `The last state of ${name} could not be written: ${messageOf(error)}`,
        ),
      );
  }
  return result;
}

async function work(
  command: MoverCommand,
  task: OwnerTask,
  environment: MoverEnvironment,
  signal: AbortSignal,
  started: StartSignal,
  reporter: ProgressReporter | undefined,
): Promise<MoverResult> {
  const { api, log, memory } = environment;
  const location = await api.get<BackupStorageLocation>(
    apiTypes.BackupStorageLocation,
    task.location,
    signal,
  );
  const writes = command.command !== 'restore';
  if (writes && location.spec.accessMode === 'ReadOnly')
    throw new Error(`Storage location ${task.location} is read-only`);
  const opened = await openRepository(
    command,
    task,
    location,
    environment,
    signal,
  );
  const { repository } = opened;
  for (const warning of repository.warnings) log('warn', warning);
  const onProgress = reporter?.update.bind(reporter);
  try {
    if (command.command === 'maintain') {
      const maintenance = await maintainRepository(repository, {
        signal,
        onTask: name => log('info', `Maintenance: ${name}`),
      });
      return {
        outcome: 'completed',
        message: maintenanceTexts[maintenance.mode],
        maintenance,
      };
    }
    await started.wait(signal);
    reporter?.restart();
    const parallelFiles = task.parallelFiles ?? memory.parallelFiles;
    if (command.command === 'backup') {
      const { snapshot, report } = await backUpVolume({
        repository,
        volumePath: command.volumePath,
        volumeMode: command.volumeMode,
        snapshot: task.snapshot!,
        parallelFiles,
        live: command.owner.kind === 'PodVolumeBackup',
        requireReadable: command.settings.requireReadable,
        onProgress,
        signal,
      });
      const { hashedBytes, cachedBytes, uploadedBytes, files } =
        report.progress;
      const totalBytes = hashedBytes + cachedBytes;
      onProgress?.({
        bytesDone: totalBytes,
        totalBytes,
        filesDone: files,
        filesTotal: files,
      });
      const warnings = snapshotWarnings(report);
      return {
        outcome: 'completed',
        snapshotID: snapshot.id,
        totalBytes,
        incrementalBytes: hashedBytes,
        uploadedBytes,
        files,
        ...(warnings.length > 0 && { warnings }),
      };
    }
    const { bytes, files, warnings } = await restoreVolume({
      repository,
      snapshotId: task.snapshotId!,
      volumePath: command.volumePath,
      volumeMode: command.volumeMode,
      parallelFiles,
      sparse: task.sparse,
      markerUid: task.markerUid,
      keepOwners: environment.isRoot,
      onProgress,
      signal,
    });
    onProgress?.({
      bytesDone: bytes,
      totalBytes: bytes,
      filesDone: files,
      filesTotal: files,
    });
    return {
      outcome: 'completed',
      totalBytes: bytes,
      files,
      ...(warnings.length > 0 && { warnings }),
    };
  } finally {
    await opened.close();
  }
}

async function openRepository(
  command: MoverCommand,
  task: OwnerTask,
  location: BackupStorageLocation,
  environment: MoverEnvironment,
  signal: AbortSignal,
): Promise<VolumeRepository> {
  const { settings } = command;
  const { memory, secrets } = environment;
  const password = await readPassword(settings.passwordFile);
  secrets.push(password);
  const read = async (file: string | undefined) =>
    file === undefined ? undefined : readFile(file, 'utf8');
  const credentials = await read(settings.credentialsFile);
  // Each line's value, for libraries that quote what they were given.
  secrets.push(
    ...(credentials ?? '')
      .split('\n')
      .map(line => line.slice(line.indexOf('=') + 1).trim())
      .filter(value => value.length >= 8),
  );
  return openVolumeRepository({
    location,
    credentials,
    certificateAuthority: await read(settings.certificateAuthorityFile),
    password,
    volumeNamespace: task.volumeNamespace,
    readOnly: command.command === 'restore',
    workers: memory.workers,
    indexMemoryLimit: memory.indexBytes,
    temporaryFolder: settings.cacheDirectory,
    signal,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
