import {
  BackupApi,
  BackupClient,
  problemOf,
  Protection,
  RecoveryPointDetail,
  RestoreRunDetail,
} from '@lifeboat/backstage-plugin-backup-common';
import { ClusterApi } from '../cluster/ClusterApi';
import {
  isApplicationReady,
  waitForApplication,
} from '../cluster/installApplication';
import { waitUntil } from '../cluster/waitUntil';
import {
  Comparison,
  compareApplications,
} from '../compare/compareApplications';
import { guestToken } from './guestToken';
import { Progress } from './Progress';

const ENGINE_TIMEOUT_MS = 60_000;
const RUN_TIMEOUT_MS = 180_000;

const orders = { kind: 'component', namespace: 'default', name: 'orders' };

export interface RunThroughOptions {
  /** Address of the portal, such as http://localhost:7007. */
  baseUrl: string;
  cluster: ClusterApi;
  progress: Progress;
  /** Hears the name of the copy's namespace before it is created. */
  onTarget?(namespace: string): void;
  signal: AbortSignal;
}

export interface RunThroughResult {
  backup: RecoveryPointDetail;
  restore: RestoreRunDetail;
  comparison: Comparison;
  sourceNamespace: string;
  targetNamespace: string;
  seconds: { backup: number; restore: number };
}

/** Why a protection is not good enough to start; undefined when it is. */
export function obstacleOf(protection: Protection): string | undefined {
  if (protection.engine.state !== 'running') {
    return `engine ${protection.engine.state} ${
      protection.engine.message ?? ''
    }`.trim();
  }
  if (!protection.storage.some(each => each.state === 'available')) {
    const [location] = protection.storage;
    return location
      ? `storage ${location.name} ${location.state} ${location.message ?? ''}`
      : 'no storage location';
  }
  const { problem } = protection;
  return problem ? `${problem.title}: ${problem.message}` : undefined;
}

function unfinished(state: string): boolean {
  return state === 'waiting' || state === 'running';
}

function percent(progress?: { itemsDone: number; itemsTotal: number }): string {
  return progress?.itemsTotal
    ? ` ${progress.itemsDone}/${progress.itemsTotal} objects`
    : '';
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/**
 * Does the main job once, as a developer would: backs the component up and restores it into a free namespace through
 * the portal's REST API with the guest user's token, then compares original and copy.
 *
 * @throws when a step fails; the message says which and why.
 */
export async function runThrough(
  options: RunThroughOptions,
): Promise<RunThroughResult> {
  const { baseUrl, cluster, progress, signal } = options;
  progress.working('waiting for the catalog');
  const token = await guestToken(baseUrl, signal);
  const api: BackupApi = new BackupClient({
    fetchApi: { fetch },
    discoveryApi: { getBaseUrl: async plugin => `${baseUrl}/api/${plugin}` },
  });
  const request = { token, signal };

  const sourceNamespace = await waitUntilProtected(api, options, token);
  const works = await isApplicationReady(cluster, sourceNamespace);

  const backupBegan = Date.now();
  const point = await named('The backup was refused', () =>
    api.createRecoveryPoint(
      orders,
      { note: "The demo's run-through" },
      request,
    ),
  );
  const backup = await waitUntil(
    `backup ${point.name} to end`,
    async () => {
      const now = await api.getRecoveryPoint(orders, point.name, request);
      progress.working(
        `backup ${point.name}: ${now.phase}${percent(now.progress)}`,
      );
      return unfinished(now.state) ? undefined : now;
    },
    { timeoutMs: RUN_TIMEOUT_MS, signal },
  );
  const backupSeconds = (Date.now() - backupBegan) / 1000;
  if (backup.phase !== 'Completed') {
    throw new Error(
      `backup ${backup.name} ended ${backup.phase}: ${[
        backup.reason,
        ...backup.errorsList.map(each => each.message),
      ]
        .filter(Boolean)
        .join('; ')}`,
    );
  }
  progress.done(
    `Backup ${backup.name} ${backup.phase} in ${backupSeconds.toFixed(
      1,
    )} s: ${plural(backup.objects ?? 0, 'object')}, ${plural(
      backup.warnings,
      'warning',
    )}`,
  );
  for (const note of backup.notes) progress.line(`            ${note}`);

  const preview = await named('The preview was refused', () =>
    api.previewRestore(orders, backup.name, {}, request),
  );
  const target = preview.targetNamespace || preview.suggestedNamespace;
  if (!preview.allowed) {
    throw new Error(
      `the restore into ${target} is not allowed: ${preview.problems
        .map(each => each.message)
        .join('; ')}`,
    );
  }
  progress.done(
    `Preview: namespace ${target} (${preview.namespaceState}), ${plural(
      preview.totals.create,
      'object',
    )} to create, ${preview.totals.skipped} left out`,
  );

  options.onTarget?.(target);
  const restoreBegan = Date.now();
  const run = await named('The restore was refused', () =>
    api.createRestore(
      orders,
      { backup: backup.name, targetNamespace: target },
      request,
    ),
  );
  const restore = await waitUntil(
    `restore ${run.name} to end`,
    async () => {
      const now = await api.getRestore(orders, run.name, request);
      progress.working(
        `restore ${run.name}: ${now.phase}${percent(now.progress)}`,
      );
      return unfinished(now.state) ? undefined : now;
    },
    { timeoutMs: RUN_TIMEOUT_MS, signal },
  );
  const restoreSeconds = (Date.now() - restoreBegan) / 1000;
  if (restore.phase !== 'Completed') {
    throw new Error(
      `restore ${restore.name} ended ${restore.phase}: ${[
        restore.reason,
        ...restore.errorsList.map(each => each.message),
      ]
        .filter(Boolean)
        .join('; ')}`,
    );
  }
  progress.done(
    `Restore ${restore.name} ${restore.phase} in ${restoreSeconds.toFixed(
      1,
    )} s into namespace ${target}`,
  );

  if (works) {
    progress.working(`waiting for the copy in ${target}`);
    await waitForApplication(cluster, target, signal);
    progress.done(`The copy in ${target} is up`);
  }
  const comparison = await settledComparison(
    cluster,
    sourceNamespace,
    target,
    signal,
  );
  progress.done(
    `Compared ${plural(comparison.objects, 'object')}, ${plural(
      comparison.fields,
      'field',
    )}: ${plural(comparison.differences.length, 'difference')} beyond the ${
      comparison.allowed.length
    } allowed ones`,
  );
  return {
    backup,
    restore,
    comparison,
    sourceNamespace,
    targetNamespace: target,
    seconds: { backup: backupSeconds, restore: restoreSeconds },
  };
}

async function waitUntilProtected(
  api: BackupApi,
  { progress, signal }: RunThroughOptions,
  token: string,
): Promise<string> {
  let last = '';
  const protection = await waitUntil(
    'engine and storage',
    async () => {
      const now = await named('The component is out of reach', () =>
        api.getProtection(orders, { token, signal }),
      );
      const obstacle = obstacleOf(now);
      if (obstacle) {
        last = obstacle;
        progress.working(obstacle);
        return undefined;
      }
      return now;
    },
    { timeoutMs: ENGINE_TIMEOUT_MS, everyMs: 500, signal },
  ).catch(error => {
    throw new Error(`${(error as Error).message}${last && ` (${last})`}`);
  });
  const namespace = protection.target?.namespace ?? '';
  progress.done(
    `Component orders runs in namespace ${namespace} of cluster ${protection.target?.cluster}: ${protection.state}, ${protection.reason}`,
  );
  return namespace;
}

/** The copy's controllers need a moment: the best comparison of a few seconds counts. */
async function settledComparison(
  cluster: ClusterApi,
  sourceNamespace: string,
  targetNamespace: string,
  signal: AbortSignal,
): Promise<Comparison> {
  let last: Comparison | undefined;
  const compare = async () => {
    const [originals, copies] = await Promise.all([
      cluster.everythingIn(sourceNamespace),
      cluster.everythingIn(targetNamespace),
    ]);
    last = compareApplications(originals, copies, {
      sourceNamespace,
      targetNamespace,
    });
    return last.differences.length === 0 ? last : undefined;
  };
  try {
    return await waitUntil('the copy to settle', compare, {
      timeoutMs: 15_000,
      everyMs: 500,
      signal,
    });
  } catch (error) {
    if (signal.aborted || !last) throw error;
    return last;
  }
}

async function named<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const problem = problemOf(error);
    const reason = problem
      ? `${problem.title}: ${problem.message}${
          problem.command ? `\n  ${problem.command}` : ''
        }`
      : (error as Error).message;
    throw new Error(`${what}: ${reason}`);
  }
}
