import { ApiError, type BackupStore, ContentsError } from '@lifeboat/engine';
import type { LogLine, Logs } from '@lifeboat/backstage-plugin-backup-common';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import type { Cluster } from '../clusters/Cluster';
import { carriedProblem, problemError } from '../problems/problemError';
import {
  noStorageLocation,
  storageUnavailable,
  unusableContents,
} from '../problems/problems';
import { maskSecrets } from '../runs/maskSecrets';
import { parseLogLine } from '../runs/parseLogLine';

/** Opens a storage location with the credentials that it names. */
export type OpenStore = (
  location: BackupStorageLocation,
  cluster: Cluster,
) => Promise<BackupStore>;

/** Bounds of what is read from storage for one answer. */
export const limits = {
  jsonBytes: 16 * 1024 * 1024,
  logBytes: 1024 * 1024,
  logLines: 5000,
  timeoutMs: 20_000,
} as const;

/** Reads the files of runs, bounded in size and time. */
export class RunFiles {
  constructor(private readonly openStore: OpenStore) {}

  /**
   * The store of a location.
   *
   * @throws the problems `no-storage-location` and `storage-unavailable`
   */
  async open(
    cluster: Cluster,
    locationName: string | undefined,
  ): Promise<BackupStore> {
    const locations = await cluster.control.locations.list();
    const location = locations.find(
      ({ metadata }) => metadata.name === locationName,
    );
    if (!location) {
      throw problemError(noStorageLocation(cluster.control.namespace));
    }
    return this.read(cluster, locationName ?? '', () =>
      this.openStore(location, cluster),
    );
  }

  /**
   * Runs a read; what goes wrong in storage becomes the problem
   * `storage-unavailable`, contents that cannot be used `not-restorable`. What
   * the cluster refused stays what it is.
   */
  async read<T>(
    cluster: Cluster,
    locationName: string,
    read: () => Promise<T>,
  ): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (
        (error instanceof Error && error.name === 'AbortError') ||
        error instanceof ApiError ||
        carriedProblem(error)
      ) {
        throw error;
      }
      if (error instanceof ContentsError) {
        throw problemError(unusableContents(maskSecrets(error.message)));
      }
      const message = error instanceof Error ? error.message : String(error);
      throw Object.assign(
        problemError(
          storageUnavailable(
            cluster.control.namespace,
            locationName,
            maskSecrets(message),
          ),
        ),
        { cause: error },
      );
    }
  }
}

/** A signal that also ends when a read takes too long. */
export function readSignal(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]);
}

/** A log file as answered: its last lines about the given namespaces, parsed and masked. */
export function logsOf(
  log: { text: string; complete: boolean } | undefined,
  namespaces: readonly string[],
): Logs {
  if (!log) {
    return { lines: [], complete: false, truncated: false };
  }
  const all = log.text.split('\n').filter(line => line.trim() !== '');
  const shown = all.slice(-limits.logLines);
  const lines: LogLine[] = shown
    .map(line => parseLogLine(line, namespaces))
    .filter(line => line !== undefined);
  return {
    lines,
    complete: true,
    truncated: !log.complete || shown.length < all.length,
  };
}
