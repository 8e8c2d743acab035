import { createHash } from 'node:crypto';
import { validLabelValue, veleroLabels } from '@lifeboat/velero-api';
import { stringAt } from '../../backup/jsonPath';
import {
  isAlreadyExists,
  isForbidden,
  isNotFound,
} from '../../cluster/ApiError';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { snapshotTypes, storageTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import type { VolumeSnapshotContent } from '../../volumes/expose/storageObjects';
import {
  removeSnapshot,
  setFate,
} from '../../volumes/snapshot/removeSnapshots';
import type { KeptSnapshot } from './recordedVolumes';

/** Without it, an object that is deleted is gone before the driver sees it, and the snapshot stays (external-snapshotter). */
const contentFinalizer =
  'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection';
/** How long the driver may take to look at a content; deleting earlier only makes it look later. */
const noticeMs = 5_000;
const removalMs = 60_000;
const pollMs = 500;

/**
 * Removes snapshots that a backup left in the storage system. A content that is still in the cluster is deleted with its
 * snapshot; else a temporary one with the policy Delete makes the driver remove it (Velero: deletion of CSI snapshots). Its name
 * comes from the backup and the handle, so that a run that was cut short is taken up again.
 *
 * @returns what could not be removed and why, one text each
 */
export async function removeKeptSnapshots(
  context: ControllerContext,
  backup: { name: string; uid: string },
  snapshots: readonly KeptSnapshot[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const snapshot of snapshots) {
    try {
      await remove(context, backup, snapshot);
    } catch (error) {
      context.signal.throwIfAborted();
      problems.push(
        `CSI snapshot ${snapshot.handle} of driver ${
          snapshot.driver
        } could not be removed: ${(error as Error).message}`,
      );
    }
  }
  return problems;
}

async function remove(
  context: ControllerContext,
  backup: { name: string; uid: string },
  snapshot: KeptSnapshot,
): Promise<void> {
  const { client, signal } = context;
  const original = await getContent(context, snapshot.content);
  if (original && handleOf(original) === snapshot.handle) {
    const { namespace, name = '' } = original.spec.volumeSnapshotRef;
    const bound = await client.get<KubernetesObject>(
      snapshotTypes.volumeSnapshots,
      { namespace, name },
      { signal },
    );
    if (
      bound &&
      stringAt(bound, 'status', 'boundVolumeSnapshotContentName') ===
        snapshot.content
    ) {
      await removeSnapshot(bound, 'Delete', { client, signal });
    } else {
      await setFate(snapshot.content, 'Delete', { client, signal });
    }
    await deleteContent(context, original);
    return;
  }
  await checkDriver(context, snapshot.driver);
  const name = `lifeboat-delete-${createHash('sha256')
    .update(`${backup.uid}/${snapshot.handle}`)
    .digest('hex')
    .slice(0, 16)}`;
  const temporary = await createContent(context, backup, snapshot, name);
  await noticed(context, name);
  await deleteContent(context, temporary);
}

async function createContent(
  context: ControllerContext,
  backup: { name: string },
  { handle, driver, object }: KeptSnapshot,
  name: string,
): Promise<VolumeSnapshotContent> {
  const { client, namespace, signal } = context;
  // Those of the CSI snapshotter name the Secrets that the driver needs.
  const annotations = Object.fromEntries(
    Object.entries(object?.metadata.annotations ?? {}).filter(([key]) =>
      key.startsWith('snapshot.storage.kubernetes.io/deletion-secret-'),
    ),
  );
  try {
    return await client.create<VolumeSnapshotContent>(
      snapshotTypes.volumeSnapshotContents,
      {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshotContent',
        metadata: {
          name,
          labels: {
            'app.kubernetes.io/managed-by': 'lifeboat',
            [veleroLabels.backupName]: validLabelValue(backup.name),
          },
          annotations,
          finalizers: [contentFinalizer],
        },
        spec: {
          deletionPolicy: 'Delete',
          driver,
          source: { snapshotHandle: handle },
          // Nobody makes this one.
          volumeSnapshotRef: {
            apiVersion: 'snapshot.storage.k8s.io/v1',
            kind: 'VolumeSnapshot',
            namespace,
            name,
          },
        },
      },
      { signal },
    );
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const existing = await getContent(context, name);
    if (!existing) throw error;
    return existing;
  }
}

/** A driver that is not there would never remove anything. Whether it is cannot always be read. */
async function checkDriver(
  { client, signal }: ControllerContext,
  driver: string,
): Promise<void> {
  try {
    const found = await client.get(
      storageTypes.csiDrivers,
      { name: driver },
      { signal },
    );
    if (found) return;
  } catch (error) {
    if (isForbidden(error)) return;
    throw error;
  }
  throw new Error(
    'this cluster has no such driver; delete the backup where it was made',
  );
}

async function getContent(
  { client, signal }: ControllerContext,
  name: string,
): Promise<VolumeSnapshotContent | undefined> {
  try {
    return await client.get<VolumeSnapshotContent>(
      snapshotTypes.volumeSnapshotContents,
      { name },
      { signal },
    );
  } catch (error) {
    if (isNotFound(error)) {
      throw new Error('this cluster serves no VolumeSnapshots');
    }
    if (isForbidden(error)) {
      throw new Error(
        `${(error as Error).message}; apply deploy/engine/volumes`,
      );
    }
    throw error;
  }
}

function handleOf({ spec, status }: VolumeSnapshotContent): string | undefined {
  return status?.snapshotHandle ?? spec.source.snapshotHandle;
}

async function noticed(
  context: ControllerContext,
  name: string,
): Promise<void> {
  const { clock, signal } = context;
  const until = clock.monotonic() + noticeMs;
  while (clock.monotonic() < until) {
    const content = await getContent(context, name);
    if (!content || content.status) return;
    await clock.sleep(pollMs, signal);
  }
}

/** Deletes a content and waits until the driver has removed the snapshot. */
async function deleteContent(
  context: ControllerContext,
  content: VolumeSnapshotContent,
): Promise<void> {
  const { client, clock, signal } = context;
  const { name = '', uid } = content.metadata;
  await client.delete(
    snapshotTypes.volumeSnapshotContents,
    { name },
    { preconditions: { uid }, signal },
  );
  const until = clock.monotonic() + removalMs;
  for (;;) {
    const left = await getContent(context, name);
    if (!left || left.metadata.uid !== uid) return;
    if (clock.monotonic() >= until) {
      throw new Error(
        left.status?.error?.message ??
          `the driver did not remove it within ${removalMs / 1000} seconds`,
      );
    }
    await clock.sleep(pollMs, signal);
  }
}
