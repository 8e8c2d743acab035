import { isForbidden } from '../../cluster/ApiError';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { createOnce } from '../../cluster/createOnce';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { snapshotTypes } from '../../cluster/knownTypes';
import { LeaseLostError } from '../../cluster/LeaseLostError';
import { stringAt } from '../../backup/jsonPath';
import { accessCommand } from '../../consent/accessCommand';
import { backupUidLabel } from './dataNames';

/** A snapshot to be made. */
export interface SnapshotRequest {
  namespace: string;
  /** Of the VolumeSnapshot. */
  name: string;
  claim: string;
  snapshotClass: string;
  labels: { [key: string]: string };
}

/** A snapshot that the storage has cut: from now on writes to the volume do not concern it. */
export interface CutSnapshot {
  name: string;
  namespace: string;
  /** Name of the VolumeSnapshotContent. */
  content: string;
  /** The storage's name of the snapshot. */
  handle: string;
  createdAt?: string;
}

/** What came of each request, by VolumeSnapshot name. */
export type SnapshotOutcomes = Map<
  string,
  { cut: CutSnapshot } | { error: string }
>;

const lookAgainMs = 1_000;

/**
 * Makes VolumeSnapshots back to back, then waits until the storage has cut all of them: `creationTime` and handle are there.
 * Errors on a VolumeSnapshot may be transient and are tolerated until the time-out. What failed is left for the caller to remove.
 *
 * @throws the signal's reason, LeaseLostError; nothing for a single volume
 *
 * Source: Velero `pvc_action.go` (`csiSnapshotTimeout`), but with watches and all volumes at once.
 */
export async function takeSnapshots(
  requests: SnapshotRequest[],
  options: {
    client: ClusterClient;
    clock: Clock;
    signal: AbortSignal;
    backupUid: string;
    controlNamespace: string;
    timeoutMs: number;
  },
): Promise<SnapshotOutcomes> {
  const { signal } = options;
  const outcomes: SnapshotOutcomes = new Map();
  const fail = (request: SnapshotRequest, error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof LeaseLostError) {
      throw error;
    }
    outcomes.set(request.name, { error: explain(error, request, options) });
  };
  await Promise.all(
    requests.map(request =>
      create(request, options).catch(error => fail(request, error)),
    ),
  );
  const made = requests.filter(request => !outcomes.has(request.name));
  const namespaces = [...new Set(made.map(({ namespace }) => namespace))];
  await Promise.all(
    namespaces.map(async namespace => {
      const own = made.filter(request => request.namespace === namespace);
      await waitUntilCut(namespace, own, outcomes, options).catch(error => {
        own
          .filter(request => !outcomes.has(request.name))
          .forEach(request => fail(request, error));
      });
    }),
  );
  return outcomes;
}

type Options = Parameters<typeof takeSnapshots>[1];

async function create(
  request: SnapshotRequest,
  { client, clock, signal, backupUid }: Options,
): Promise<void> {
  const { namespace, name, claim, snapshotClass, labels } = request;
  await createOnce<KubernetesObject>(
    client,
    snapshotTypes.volumeSnapshots,
    {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: {
        namespace,
        name,
        labels: { ...labels, [backupUidLabel]: backupUid },
      },
      spec: {
        source: { persistentVolumeClaimName: claim },
        volumeSnapshotClassName: snapshotClass,
      },
    },
    {
      clock,
      signal,
      isOurs: live => live.metadata.labels?.[backupUidLabel] === backupUid,
    },
  );
}

async function waitUntilCut(
  namespace: string,
  requests: SnapshotRequest[],
  outcomes: SnapshotOutcomes,
  options: Options,
): Promise<void> {
  const { client, clock, backupUid, timeoutMs } = options;
  const waiting = new Map(requests.map(each => [each.name, each]));
  const lastErrors = new Map<string, string>();
  const latest = new Map<string, KubernetesObject>();
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const settle = (
    name: string,
    outcome: { cut: CutSnapshot } | { error: string },
  ) => {
    waiting.delete(name);
    outcomes.set(name, outcome);
    if (waiting.size === 0) {
      done.abort(new Error('all snapshots are cut'));
    }
  };
  const look = async (snapshot: KubernetesObject) => {
    const name = snapshot.metadata.name ?? '';
    if (!waiting.has(name)) {
      return;
    }
    latest.set(name, snapshot);
    const problem = stringAt(snapshot, 'status', 'error', 'message');
    if (problem) {
      lastErrors.set(name, problem);
    }
    const cut = await cutOf(snapshot, client, signal);
    if (cut) {
      settle(name, { cut });
    }
  };
  const watching = (async () => {
    for await (const event of client.watch<KubernetesObject>(
      snapshotTypes.volumeSnapshots,
      {
        namespace,
        labelSelector: `${backupUidLabel}=${backupUid}`,
        signal,
        onError: error => {
          for (const name of waiting.keys()) {
            lastErrors.set(name, String(error));
          }
        },
      },
    )) {
      if (event.type === 'deleted') {
        const name = event.object.metadata.name ?? '';
        if (waiting.has(name)) {
          settle(name, {
            error: 'its VolumeSnapshot was deleted while it was being made',
          });
        }
      } else if (event.type !== 'synced') {
        await look(event.object);
      }
    }
  })();
  const looking = (async () => {
    // The content may be complete a moment after its snapshot, and nobody tells.
    for (;;) {
      await clock.sleep(lookAgainMs, signal);
      for (const snapshot of latest.values()) {
        await look(snapshot);
      }
    }
  })();
  const limit = clock.sleep(timeoutMs, signal).then(() => {
    for (const name of [...waiting.keys()]) {
      const last = lastErrors.get(name);
      settle(name, {
        error: `no snapshot came about within ${Math.round(
          timeoutMs / 1000,
        )} s (spec.csiSnapshotTimeout)${last ? `; last error: ${last}` : ''}`,
      });
    }
  });
  const tasks = [watching, looking, limit].map(task =>
    task.catch(error => {
      if (!done.signal.aborted) {
        done.abort(error);
        throw error;
      }
    }),
  );
  await Promise.all(tasks);
  options.signal.throwIfAborted();
}

async function cutOf(
  snapshot: KubernetesObject,
  client: ClusterClient,
  signal: AbortSignal,
): Promise<CutSnapshot | undefined> {
  const content = stringAt(
    snapshot,
    'status',
    'boundVolumeSnapshotContentName',
  );
  const createdAt = stringAt(snapshot, 'status', 'creationTime');
  if (!content || !createdAt) {
    return undefined;
  }
  const found = await client.get<KubernetesObject>(
    snapshotTypes.volumeSnapshotContents,
    { name: content },
    { signal },
  );
  const handle = stringAt(found, 'status', 'snapshotHandle');
  return handle
    ? {
        namespace: snapshot.metadata.namespace ?? '',
        name: snapshot.metadata.name ?? '',
        content,
        handle,
        createdAt,
      }
    : undefined;
}

function explain(
  error: unknown,
  request: SnapshotRequest,
  { controlNamespace }: Options,
): string {
  const text = error instanceof Error ? error.message : String(error);
  return isForbidden(error)
    ? `${text}; the platform team gives access with: ${accessCommand(
        request.namespace,
        controlNamespace,
      )}, and the optional ClusterRole for volumes`
    : text;
}
