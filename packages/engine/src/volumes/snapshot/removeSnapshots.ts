import { stringAt } from '../../backup/jsonPath';
import { isForbidden, isNotFound } from '../../cluster/ApiError';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes, snapshotTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { backupUidLabel } from './dataNames';

/** What happens to the storage's own snapshot when its objects go. */
export type SnapshotFate = 'Delete' | 'Retain';

interface Options {
  client: ClusterClient;
  signal: AbortSignal;
}

/** Tells the CSI driver's side that nobody needs the content's VolumeSnapshot any more; the snapshot controller sets it, too. */
const beingDeleted =
  'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted';

/**
 * Removes a VolumeSnapshot and its content; nothing happens when it has gone already.
 *
 * @param fate - set on the content first, whatever its class says
 */
export async function removeSnapshot(
  snapshot: KubernetesObject,
  fate: SnapshotFate,
  { client, signal }: Options,
): Promise<void> {
  const { namespace, name = '', uid } = snapshot.metadata;
  const content = contentName(snapshot);
  await setFate(content, fate, { client, signal });
  await client.delete(
    snapshotTypes.volumeSnapshots,
    { namespace, name },
    { preconditions: { uid }, signal },
  );
  const left = await client.get<KubernetesObject>(
    snapshotTypes.volumeSnapshots,
    { namespace, name },
    { signal },
  );
  // With a snapshot that waits for its own end, the snapshot controller deletes the content. One that vanished at once, before
  // the controller protected it, is noticed by nobody.
  if (fate === 'Retain' || left?.metadata.uid !== uid) {
    await removeContent(content, { client, signal });
  }
}

/** The snapshot controller names contents so; one may be there before its snapshot names it. */
function contentName(snapshot: KubernetesObject): string {
  return (
    stringAt(snapshot, 'status', 'boundVolumeSnapshotContentName') ??
    `snapcontent-${snapshot.metadata.uid}`
  );
}

async function removeContent(
  name: string,
  { client, signal }: Options,
): Promise<void> {
  try {
    await client.patch(
      snapshotTypes.volumeSnapshotContents,
      { name },
      {
        contentType: 'merge',
        body: { metadata: { annotations: { [beingDeleted]: 'yes' } } },
      },
      { signal },
    );
    await client.delete(
      snapshotTypes.volumeSnapshotContents,
      { name },
      { signal },
    );
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
}

/** Sets the deletion policy of a VolumeSnapshotContent, if it is there. */
export async function setFate(
  content: string,
  fate: SnapshotFate,
  { client, signal }: Options,
): Promise<void> {
  try {
    await client.patch(
      snapshotTypes.volumeSnapshotContents,
      { name: content },
      { contentType: 'merge', body: { spec: { deletionPolicy: fate } } },
      { signal },
    );
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
}

/**
 * Removes the objects of all snapshots that a complete backup left behind; the storage's own snapshots stay where their contents
 * say so.
 */
export async function releaseSnapshotsOf(
  backupUid: string,
  namespaces: string[] | undefined,
  options: Options,
): Promise<void> {
  for (const snapshot of await snapshotsOf(backupUid, namespaces, options)) {
    const content = await options.client.get<KubernetesObject>(
      snapshotTypes.volumeSnapshotContents,
      { name: contentName(snapshot) },
      { signal: options.signal },
    );
    const isKept = stringAt(content, 'spec', 'deletionPolicy') === 'Retain';
    await removeSnapshot(snapshot, isKept ? 'Retain' : 'Delete', options);
  }
}

/**
 * Removes all VolumeSnapshots that a backup made and that are still there.
 *
 * @param namespaces - where to look; undefined for all that can be read
 * @returns how many there were
 */
export async function removeSnapshotsOf(
  backupUid: string,
  namespaces: string[] | undefined,
  fate: SnapshotFate,
  options: Options,
): Promise<number> {
  const found = await snapshotsOf(backupUid, namespaces, options);
  for (const snapshot of found) {
    await removeSnapshot(snapshot, fate, options);
  }
  return found.length;
}

async function snapshotsOf(
  backupUid: string,
  namespaces: string[] | undefined,
  options: Options,
): Promise<KubernetesObject[]> {
  const found: KubernetesObject[] = [];
  const collect = async (namespace?: string) => {
    for await (const snapshot of options.client.list(
      snapshotTypes.volumeSnapshots,
      {
        namespace,
        labelSelector: `${backupUidLabel}=${backupUid}`,
        signal: options.signal,
      },
    )) {
      found.push(snapshot);
    }
  };
  try {
    if (namespaces) {
      for (const namespace of namespaces) {
        await collect(namespace).catch(async error => {
          // Rights in a namespace go with it.
          const isThere =
            !isForbidden(error) ||
            (await options.client.get(
              coreTypes.namespaces,
              { name: namespace },
              { signal: options.signal },
            ));
          if (isThere) {
            throw error;
          }
        });
      }
    } else {
      await collect();
    }
  } catch (error) {
    if (isNotFound(error)) {
      return [];
    }
    if (!isForbidden(error) || namespaces) {
      throw error;
    }
    // Without rights in the whole cluster each namespace is asked; in those that refuse, nothing was made.
    for await (const namespace of options.client.list(coreTypes.namespaces, {
      signal: options.signal,
    })) {
      await collect(namespace.metadata.name).catch(refused => {
        if (!isForbidden(refused)) {
          throw refused;
        }
      });
    }
  }
  return found;
}
