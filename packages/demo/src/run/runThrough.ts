import {
  Protection,
  RecoveryPointDetail,
} from '@lifeboat/backstage-plugin-backup-common';
import { Manifest } from '../application/Manifest';
import {
  isApplicationReady,
  waitForApplication,
} from '../cluster/installApplication';
import { ClusterApi } from '../cluster/ClusterApi';
import { waitUntil } from '../cluster/waitUntil';
import {
  Comparison,
  compareApplications,
} from '../compare/compareApplications';
import { backUp } from './backUp';
import { describeDatabase } from './summary';
import { deleteNamespace } from './deleteNamespace';
import { DatabaseVerdict, inspectDatabase } from './inspectDatabase';
import { ConfirmedOrder, OrderWriter } from './OrderWriter';
import {
  named,
  openSession,
  orders,
  PortalSession,
  RunThroughOptions,
} from './PortalSession';
import { restoreBackup, RestoreOutcome } from './restoreBackup';

const ENGINE_TIMEOUT_MS = 60_000;
const FIRST_ORDERS = 20;

/** One way back, and what it brought. */
export interface WayBack extends RestoreOutcome {
  comparison: Comparison;
  /** Absent when the application's images cannot run in this cluster. */
  database?: DatabaseVerdict;
}

export interface RunThroughResult {
  backup: RecoveryPointDetail;
  backupSeconds: number;
  sourceNamespace: string;
  /** The copy in a new namespace. */
  copy: WayBack;
  /** The original, deleted and restored; absent when the application's images cannot run in this cluster. */
  inPlace?: WayBack;
}

interface Rows {
  before: ConfirmedOrder[];
  later: ConfirmedOrder[];
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

/** Whether everything came back as it was. */
export function isFaithful(result: RunThroughResult): boolean {
  return [result.copy, result.inPlace].every(
    way =>
      !way ||
      (way.comparison.differences.length === 0 &&
        (way.database?.problems.length ?? 0) === 0),
  );
}

/**
 * Does the main job once, as a developer would, through the portal's REST API with the guest user's token: backs the component
 * up while its database is being written to, restores it into a free namespace, starts it there and compares objects and rows;
 * then deletes the original and restores that too.
 *
 * @throws when a step fails; the message says which and why.
 */
export async function runThrough(
  options: RunThroughOptions,
): Promise<RunThroughResult> {
  const { cluster, progress, signal } = options;
  progress.working('waiting for the catalog');
  const session = await openSession(options);
  const sourceNamespace = await waitUntilProtected(session);
  const works = await isApplicationReady(cluster, sourceNamespace);
  const { backup, seconds, rows } = await backUpWhileWriting(
    session,
    works ? sourceNamespace : undefined,
  );
  const originals = await cluster.everythingIn(sourceNamespace);

  const copied = await restoreBackup(session, backup.name);
  const copy = await judge(session, sourceNamespace, copied, {
    originals: () => cluster.everythingIn(sourceNamespace),
    rows,
  });
  if (!rows) {
    return { backup, backupSeconds: seconds, sourceNamespace, copy };
  }

  progress.working(`deleting namespace ${sourceNamespace}`);
  await deleteNamespace(cluster, sourceNamespace, signal);
  progress.done(`Namespace ${sourceNamespace} is deleted with its volumes`);
  const restored = await restoreBackup(session, backup.name, { inPlace: true });
  const inPlace = await judge(session, sourceNamespace, restored, {
    originals: async () => originals,
    rows,
  });
  return { backup, backupSeconds: seconds, sourceNamespace, copy, inPlace };
}

/** @param namespace - where the application runs; undefined when it does not, and nothing is written */
async function backUpWhileWriting(
  session: PortalSession,
  namespace: string | undefined,
): Promise<{ backup: RecoveryPointDetail; seconds: number; rows?: Rows }> {
  if (!namespace) return backUp(session);
  const { cluster, progress, signal } = session;
  const writer = new OrderWriter(cluster, namespace).start(signal);
  try {
    progress.working('orders come in');
    await waitUntil(
      'the first orders to be confirmed',
      async () => writer.confirmed.length >= FIRST_ORDERS || undefined,
      { timeoutMs: 60_000, signal },
    );
    const before = [...writer.confirmed];
    const done = await backUp(session);
    await writer.stop();
    const later = writer.confirmed.slice(before.length);
    progress.done(
      `Orders were written all the time: ${before.length} before the backup, ${later.length} while it ran`,
    );
    return { ...done, rows: { before, later } };
  } finally {
    await writer.stop();
  }
}

async function judge(
  { cluster, progress, signal }: PortalSession,
  sourceNamespace: string,
  outcome: RestoreOutcome,
  expected: { originals: () => Promise<Manifest[]>; rows?: Rows },
): Promise<WayBack> {
  const { targetNamespace } = outcome;
  let database: DatabaseVerdict | undefined;
  if (expected.rows) {
    progress.working(`waiting for the application in ${targetNamespace}`);
    await waitForApplication(cluster, targetNamespace, signal);
    database = await inspectDatabase(
      cluster,
      targetNamespace,
      expected.rows,
      signal,
    );
    progress.done(
      `PostgreSQL runs in ${targetNamespace}: ${describeDatabase(database)}`,
    );
  }
  const comparison = await settledComparison(
    cluster,
    expected.originals,
    { sourceNamespace, targetNamespace },
    signal,
  );
  progress.done(
    `Compared ${comparison.objects} objects, ${comparison.fields} fields: ${comparison.differences.length} unexpected differences`,
  );
  return { ...outcome, comparison, ...(database && { database }) };
}

async function waitUntilProtected({
  api,
  progress,
  request,
  signal,
}: PortalSession): Promise<string> {
  let last = '';
  const protection = await waitUntil(
    'engine and storage',
    async () => {
      const now = await named('The component is out of reach', () =>
        api.getProtection(orders, request),
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
  readOriginals: () => Promise<Manifest[]>,
  namespaces: { sourceNamespace: string; targetNamespace: string },
  signal: AbortSignal,
): Promise<Comparison> {
  let last: Comparison | undefined;
  const compare = async () => {
    const [originals, copies] = await Promise.all([
      readOriginals(),
      cluster.everythingIn(namespaces.targetNamespace),
    ]);
    last = compareApplications(originals, copies, namespaces);
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
