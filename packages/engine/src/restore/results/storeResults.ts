import { gzipSync } from 'node:zlib';
import type {
  RestoreOperation,
  RestoreVolumeInfo,
  RunResults,
} from '@lifeboat/velero-api';
import { FindingScope, ResultsCollector } from '../../backup/ResultsCollector';
import type { RunLog } from '../../backup/RunLog';
import type { ResourceListBuilder } from '../../backup/ResourceListBuilder';
import { LeaseLostError } from '../../cluster/LeaseLostError';
import type { BackupStore } from '../../storage/BackupStore';
import { ObjectNotFoundError } from '../../storage/ObjectStore';

/** How much of a log is kept when more lines come to it. */
const maxLogBytes = 64 * 1024 * 1024;
const maxResultsBytes = 64 * 1024 * 1024;

/** One line about the end of a restore. */
export interface LateFinding {
  side: 'errors' | 'warnings';
  scope: FindingScope;
  message: string;
}

/**
 * Stores what a restore has done with its objects. Called before its volumes are waited for, so that a later engine can go on.
 *
 * @returns what went wrong, if anything: the objects are in place, and only their account is incomplete
 * @throws LeaseLostError; the signal's reason
 */
export async function storeResults(
  store: BackupStore,
  restore: string,
  results: {
    log: RunLog;
    findings: ResultsCollector;
    resources: ResourceListBuilder;
    operations: RestoreOperation[];
    volumeInfo: RestoreVolumeInfo[];
  },
  signal: AbortSignal,
): Promise<string | undefined> {
  await results.log.close();
  return attempt(store, signal, async () => {
    const options = { signal };
    await store.putRestoreFile(restore, 'logs', results.log.read(), options);
    await store.putRestoreJson(
      restore,
      'results',
      results.findings.results,
      options,
    );
    await store.putRestoreJson(
      restore,
      'resourceList',
      results.resources.toJSON(),
      options,
    );
    await store.putRestoreJson(
      restore,
      'itemOperations',
      results.operations,
      options,
    );
    await store.putRestoreJson(
      restore,
      'volumeInfo',
      results.volumeInfo,
      options,
    );
  });
}

/**
 * Adds what happened after the objects were restored to the files that are stored.
 *
 * @param lines - of the log, gzipped
 * @returns what went wrong, if anything
 * @throws LeaseLostError; the signal's reason
 */
export async function addToResults(
  store: BackupStore,
  restore: string,
  late: {
    findings: readonly LateFinding[];
    lines: readonly string[];
    operations: RestoreOperation[];
    volumeInfo: RestoreVolumeInfo[];
  },
  signal: AbortSignal,
): Promise<string | undefined> {
  return attempt(store, signal, async () => {
    const options = { signal };
    if (late.findings.length > 0) {
      const stored = await store.getRestoreJson<Partial<RunResults>>(
        restore,
        'results',
        { signal, maxBytes: maxResultsBytes },
      );
      const collector = new ResultsCollector();
      collector.resume({
        results: { errors: {}, warnings: {}, ...stored },
        // Late findings have a bound of their own: those at the end say most about the data.
        errors: 0,
        warnings: 0,
      });
      for (const { side, scope, message } of late.findings) {
        collector.add(side, scope, message);
      }
      await store.putRestoreJson(
        restore,
        'results',
        collector.results,
        options,
      );
    }
    await store.putRestoreJson(
      restore,
      'itemOperations',
      late.operations,
      options,
    );
    await store.putRestoreJson(restore, 'volumeInfo', late.volumeInfo, options);
    if (late.lines.length > 0) {
      // Gzipped texts one after the other are one gzipped text.
      await store.putRestoreFile(
        restore,
        'logs',
        Buffer.concat([
          await storedLog(store, restore, signal),
          gzipSync(late.lines.map(line => `${line}\n`).join('')),
        ]),
        options,
      );
    }
  });
}

async function storedLog(
  store: BackupStore,
  restore: string,
  signal: AbortSignal,
): Promise<Buffer> {
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of await store.objects.get(
      store.keys.restore(restore).logs,
      { signal },
    )) {
      size += (chunk as Buffer).length;
      if (size > maxLogBytes) {
        return Buffer.alloc(0);
      }
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) {
      return Buffer.alloc(0);
    }
    throw error;
  }
}

async function attempt(
  store: BackupStore,
  signal: AbortSignal,
  write: () => Promise<void>,
): Promise<string | undefined> {
  if (store.readOnly) {
    return undefined;
  }
  try {
    await write();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LeaseLostError) {
      throw error;
    }
    return `the results could not be stored: ${
      error instanceof Error ? error.message : error
    }`;
  }
}
