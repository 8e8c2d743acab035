import { isKopiaError, KopiaError } from '../errors';
import {
  defaultMaintenanceParameters,
  setMaintenanceParameters,
} from '../maintenance/parameters';
import type { ClientIdentity, Repository } from '../Repository';
import { Policy } from '../snapshot/policy';
import { UploadOptions } from '../snapshot/upload/uploadSnapshot';

/** Blob by which Velero knows a repository that it has initialised. */
const markerBlob = 'udmrepo.Repository';
const keepAll = 2 ** 31 - 1;

/** Who Velero is in its repositories, and who owns their maintenance. @public */
export const veleroIdentity: ClientIdentity = {
  username: 'default',
  hostname: 'default',
};

/** Whether Velero accepts a repository (Velero: status check of a repository). @public */
export async function veleroRepositoryState(
  repository: Repository,
  signal?: AbortSignal,
): Promise<'ready' | 'not-initialized' | 'foreign'> {
  try {
    const text = (
      await repository.storage.get(markerBlob, undefined, { signal })
    ).toString('utf8');
    const { uniqueID } = JSON.parse(text) as { uniqueID?: string };
    return uniqueID === repository.uniqueId.toString('base64')
      ? 'ready'
      : 'foreign';
  } catch (error) {
    if (isKopiaError(error, 'blob-not-found')) return 'not-initialized';
    if (error instanceof SyntaxError) return 'foreign';
    throw error;
  }
}

/**
 * Makes a repository one that Velero accepts: maintenance parameters with its identity, and its extra blob.
 *
 * @param options - `fullIntervalHours` is 24, 12 (fast) or 6 (eager)
 *
 * @public
 */
export async function markVeleroRepository(
  repository: Repository,
  options: { fullIntervalHours?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const defaults = defaultMaintenanceParameters(
    `${veleroIdentity.username}@${veleroIdentity.hostname}`,
  );
  const interval = (options.fullIntervalHours ?? 24) * 3600 * 1_000_000_000;
  setMaintenanceParameters(repository, {
    ...defaults,
    full: { ...defaults.full, interval },
  });
  await repository.flush(options.signal);
  const text = JSON.stringify({
    uniqueID: repository.uniqueId.toString('base64'),
  });
  await repository.storage.put(markerBlob, Buffer.from(text), {
    signal: options.signal,
  });
}

/** The policy that Velero sets for a source before each snapshot. @public */
export function veleroPolicy(options: { parallelFiles?: number } = {}): Policy {
  return {
    retention: {
      keepLatest: keepAll,
      keepHourly: keepAll,
      keepDaily: keepAll,
      keepWeekly: keepAll,
      keepMonthly: keepAll,
      keepAnnual: keepAll,
    },
    errorHandling: { ignoreUnknownTypes: true },
    scheduling: { manual: true },
    compression: { compressorName: 'none' },
    upload: {
      parallelUploadAboveSize: Number.MAX_SAFE_INTEGER,
      ...(options.parallelFiles && {
        maxParallelFileReads: options.parallelFiles,
      }),
    },
  };
}

/** What identifies a volume's snapshot. @public */
export interface VeleroSnapshotOptions {
  /** `snapshot-data-upload-download` for data uploads, `snapshot-pod-volume` for pod volume backups. */
  readonly requester: 'snapshot-data-upload-download' | 'snapshot-pod-volume';
  /** `<namespace>/<pvc>`, or `<namespace>/<pod>/<volume>`. */
  readonly realSource: string;
  readonly asyncOperationId?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Upload options by which Velero finds the snapshot again: identity, path, tags, pin, and the tags of its parent.
 *
 * @example
 * ```ts
 * await uploadTree(repository, '/host_pods/uid/volumes/data', veleroSnapshot({
 *   requester: 'snapshot-pod-volume',
 *   realSource: 'shop/postgres-0/data',
 * }));
 * ```
 *
 * @public
 */
export function veleroSnapshot({
  requester,
  realSource,
  asyncOperationId,
  tags,
}: VeleroSnapshotOptions): UploadOptions {
  if (!realSource || realSource.startsWith('/') || realSource.includes('..')) {
    throw new KopiaError(
      'invalid-argument',
      `"${realSource}" does not name a volume`,
    );
  }
  const parentTags = {
    'snapshot-requester': requester,
    'snapshot-uploader': 'kopia',
  };
  return {
    source: {
      host: veleroIdentity.hostname,
      userName: veleroIdentity.username,
      path: `${requester}/kopia/${realSource}`,
    },
    description: 'Kopia Uploader',
    tags: {
      ...tags,
      ...parentTags,
      ...(asyncOperationId && {
        'velero.io/async-operation-id': asyncOperationId,
      }),
    },
    pins: ['velero-pin'],
    previousTags: parentTags,
    policy: veleroPolicy(),
    failFast: true,
  };
}
