import { veleroLabels, type DataUpload } from '@lifeboat/velero-api';
import { isNotFound } from '../../cluster/ApiError';
import { createOnce } from '../../cluster/createOnce';
import { snapshotTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import { dataPathAnnotations } from '../movers/DataPathObject';
import { ownerUid, temporaryLabels, temporaryName } from '../movers/moverNames';
import { annotateOwner } from './patchOwner';
import type { VolumeSnapshot, VolumeSnapshotContent } from './storageObjects';
import { DataPathError, isWaiting, lookAgainMs, type Waiting } from './Waiting';

const managedByLabel = 'snapshot.storage.kubernetes.io/managed-by';

const beingDeleted =
  'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted';

/** When the snapshot controller was last told to look at a deleted VolumeSnapshot again. */
const remindedAt = 'lifeboat.dev/reminded-at';

/** A snapshot controller lets a VolumeSnapshot go milliseconds after its content. */
const remindAfterMs = 3_000;

/** Notes of the snapshot controller about the work on one content; they do not belong to another. */
const passingAnnotations = [
  'snapshot.storage.kubernetes.io/volumesnapshot-being-created',
  beingDeleted,
];

/** A snapshot that is ours: a VolumeSnapshot in the control namespace and its content. */
export interface OwnSnapshot {
  snapshot: VolumeSnapshot;
  content: VolumeSnapshotContent;
}

/**
 * Takes a snapshot over from the application's namespace into the control namespace. Every step can be the last one of this
 * process; the next one goes on from what the cluster shows:
 *
 * 1. the handle is noted on the DataUpload;
 * 2. the application's content is set to Retain: whatever becomes of the namespace, the snapshot stays;
 * 3. a content and a VolumeSnapshot of our own are made on the same handle, as Retain: no deletion of one of the two pairs may
 *    take the snapshot from the other;
 * 4. the application's pair is deleted;
 * 5. our content is set to Delete: it is the only one now, and the snapshot goes with it.
 *
 * @returns our pair once it can be used
 * @throws DataPathError when there is no snapshot to take over
 */
export async function handOverSnapshot(
  upload: DataUpload,
  context: ControllerContext,
): Promise<OwnSnapshot | Waiting> {
  const name = temporaryName(upload);
  let content = await getContent(name, context);
  if (!content) {
    const source = await sourceContent(upload, context);
    if (isWaiting(source)) return source;
    await noteHandle(upload, source, context);
    await setDeletionPolicy(source.content, 'Retain', context);
    content = await createOwnContent(upload, source, context);
  }
  const snapshot = await ensureOwnSnapshot(upload, content, context);
  const sourceLeft = await removeSourcePair(upload, 'Retain', context);
  // Not left to the clean-up: a driver that still takes our content for Retain when it is deleted leaves the snapshot behind.
  if (sourceLeft) return sourceLeft;
  await setDeletionPolicy(content, 'Delete', context);
  if (!snapshot.status?.readyToUse) {
    return {
      waitingFor: `VolumeSnapshot ${name} is not ready${errorOf(snapshot)}`,
      againMs: lookAgainMs,
    };
  }
  return { snapshot, content };
}

/**
 * Removes the snapshot and all that stands for it, wherever the hand-over stopped.
 *
 * @returns undefined when nothing is left
 */
export async function removeSnapshots(
  upload: DataUpload,
  context: ControllerContext,
): Promise<Waiting | undefined> {
  const name = temporaryName(upload);
  const content = await getContent(name, context);
  // While ours exists, theirs must go without the snapshot; else the snapshot goes with theirs.
  const sourceLeft = await removeSourcePair(
    upload,
    content ? 'Retain' : 'Delete',
    context,
  );
  if (sourceLeft) return sourceLeft;
  if (content) await setDeletionPolicy(content, 'Delete', context);
  const left = await deletePair(
    { namespace: context.namespace, name },
    name,
    context,
  );
  return left ? { waitingFor: left, againMs: lookAgainMs } : undefined;
}

interface SourceContent {
  content: VolumeSnapshotContent;
  handle: string;
}

async function sourceContent(
  upload: DataUpload,
  context: ControllerContext,
): Promise<SourceContent | Waiting> {
  const ref = sourceRef(upload);
  const snapshot = await context.client.get<VolumeSnapshot>(
    snapshotTypes.volumeSnapshots,
    ref,
    { signal: context.signal },
  );
  if (snapshot) {
    if (!isMadeForBackup(snapshot)) {
      throw new DataPathError(
        `VolumeSnapshot ${ref.namespace}/${ref.name} lacks the label ${veleroLabels.backupName}: only snapshots made for a backup are taken over`,
      );
    }
    const bound = snapshot.status?.boundVolumeSnapshotContentName;
    if (!bound || !snapshot.status?.readyToUse) {
      return {
        waitingFor: `VolumeSnapshot ${ref.namespace}/${
          ref.name
        } is not ready${errorOf(snapshot)}`,
        againMs: lookAgainMs,
      };
    }
    const content = await getContent(bound, context);
    const handle =
      content?.status?.snapshotHandle ?? content?.spec.source.snapshotHandle;
    return content && handle
      ? { content, handle }
      : {
          waitingFor: `VolumeSnapshotContent ${bound} has no handle`,
          againMs: lookAgainMs,
        };
  }
  // The namespace was deleted after the content had been set to Retain.
  const { annotations } = upload.metadata;
  const handle = annotations?.[dataPathAnnotations.snapshotHandle];
  const known = annotations?.[dataPathAnnotations.snapshotContent];
  const content = known ? await getContent(known, context) : undefined;
  const isKept =
    content?.spec.deletionPolicy === 'Retain' &&
    !content.metadata.deletionTimestamp;
  if (content && handle && isKept) return { content, handle };
  throw new DataPathError(
    `VolumeSnapshot ${ref.namespace}/${ref.name} does not exist: it or its namespace was deleted before the snapshot could be taken over`,
  );
}

async function noteHandle(
  upload: DataUpload,
  { content, handle }: SourceContent,
  context: ControllerContext,
): Promise<void> {
  const annotations = {
    [dataPathAnnotations.snapshotHandle]: handle,
    [dataPathAnnotations.snapshotContent]: content.metadata.name ?? '',
  };
  const noted = upload.metadata.annotations ?? {};
  const isNoted = Object.entries(annotations).every(
    ([key, value]) => noted[key] === value,
  );
  if (!isNoted) await annotateOwner(upload, annotations, context);
}

async function createOwnContent(
  upload: DataUpload,
  { content, handle }: SourceContent,
  context: ControllerContext,
): Promise<VolumeSnapshotContent> {
  const { spec, metadata } = content;
  const name = temporaryName(upload);
  const managedBy = metadata.labels?.[managedByLabel];
  return createOnce<VolumeSnapshotContent>(
    context.client,
    snapshotTypes.volumeSnapshotContents,
    {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotContent',
      metadata: {
        name,
        labels: {
          ...temporaryLabels(upload),
          ...(managedBy ? { [managedByLabel]: managedBy } : {}),
        },
        // Names of the driver's Secrets are among them.
        annotations: without(metadata.annotations, passingAnnotations),
      },
      spec: {
        deletionPolicy: 'Retain',
        driver: spec.driver,
        source: { snapshotHandle: handle },
        ...(spec.sourceVolumeMode
          ? { sourceVolumeMode: spec.sourceVolumeMode }
          : {}),
        ...(spec.volumeSnapshotClassName
          ? { volumeSnapshotClassName: spec.volumeSnapshotClassName }
          : {}),
        volumeSnapshotRef: {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshot',
          namespace: context.namespace,
          name,
        },
      },
    },
    isOurs(upload, context),
  );
}

async function ensureOwnSnapshot(
  upload: DataUpload,
  content: VolumeSnapshotContent,
  context: ControllerContext,
): Promise<VolumeSnapshot> {
  const name = temporaryName(upload);
  const found = await context.client.get<VolumeSnapshot>(
    snapshotTypes.volumeSnapshots,
    { namespace: context.namespace, name },
    { signal: context.signal },
  );
  if (found) return found;
  return createOnce<VolumeSnapshot>(
    context.client,
    snapshotTypes.volumeSnapshots,
    {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: {
        namespace: context.namespace,
        name,
        labels: temporaryLabels(upload),
      },
      spec: {
        source: { volumeSnapshotContentName: content.metadata.name ?? '' },
        ...(content.spec.volumeSnapshotClassName
          ? { volumeSnapshotClassName: content.spec.volumeSnapshotClassName }
          : {}),
      },
    },
    isOurs(upload, context),
  );
}

/**
 * Deletes the application's VolumeSnapshot and its content.
 *
 * @param policy - whether the snapshot itself stays or goes
 */
async function removeSourcePair(
  upload: DataUpload,
  policy: 'Retain' | 'Delete',
  context: ControllerContext,
): Promise<Waiting | undefined> {
  const ref = sourceRef(upload);
  if (!ref.name) return undefined;
  const snapshot = await context.client.get<VolumeSnapshot>(
    snapshotTypes.volumeSnapshots,
    ref,
    { signal: context.signal },
  );
  if (snapshot && !isMadeForBackup(snapshot)) return undefined;
  const contentName =
    snapshot?.status?.boundVolumeSnapshotContentName ??
    upload.metadata.annotations?.[dataPathAnnotations.snapshotContent];
  const content = contentName
    ? await getContent(contentName, context)
    : undefined;
  const isItsContent =
    content?.spec.volumeSnapshotRef.namespace === ref.namespace &&
    content?.spec.volumeSnapshotRef.name === ref.name;
  if (content && isItsContent) {
    await setDeletionPolicy(content, policy, context);
  }
  const left = await deletePair(
    ref,
    isItsContent ? contentName : undefined,
    context,
  );
  return left ? { waitingFor: left, againMs: lookAgainMs } : undefined;
}

/** Deletes a VolumeSnapshot, then its content if it stays. Returns what is still there. */
async function deletePair(
  ref: { namespace: string; name: string },
  contentName: string | undefined,
  context: ControllerContext,
): Promise<string | undefined> {
  const { client, signal } = context;
  const deleted = await client.delete(snapshotTypes.volumeSnapshots, ref, {
    signal,
  });
  const snapshot =
    deleted === 'deleted'
      ? await client.get<VolumeSnapshot>(snapshotTypes.volumeSnapshots, ref, {
          signal,
        })
      : undefined;
  const content = contentName
    ? await getContent(contentName, context)
    : undefined;
  if (snapshot) {
    if (!content) await remindOfEnd(snapshot, context);
    return `VolumeSnapshot ${ref.namespace}/${ref.name} is deleted`;
  }
  if (!content) return undefined;
  await deleteContent(content, context);
  const left = await getContent(content.metadata.name ?? '', context);
  return left
    ? `VolumeSnapshotContent ${left.metadata.name} is deleted${
        left.status?.error?.message ? ` (${left.status.error.message})` : ''
      }`
    : undefined;
}

/**
 * Lets the snapshot controller look again at a deleted VolumeSnapshot whose content has gone. It can miss that end (seen of
 * external-snapshotter 8.7 on a busy node), and would come back to it with its next full round only, every 15 minutes; a change
 * brings it at once.
 */
async function remindOfEnd(
  { metadata }: VolumeSnapshot,
  { client, clock, signal }: ControllerContext,
): Promise<void> {
  const { namespace, name = '', annotations, deletionTimestamp } = metadata;
  const since = annotations?.[remindedAt] ?? deletionTimestamp;
  if (!since || clock.now() - Date.parse(since) < remindAfterMs) return;
  try {
    await client.patch(
      snapshotTypes.volumeSnapshots,
      { namespace, name },
      {
        contentType: 'merge',
        body: {
          metadata: {
            annotations: { [remindedAt]: new Date(clock.now()).toISOString() },
          },
        },
      },
      { signal },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/**
 * Deletes a content whose VolumeSnapshot is gone. The driver's sidecar lets it go only when it carries the mark that the snapshot
 * controller sets on the way of a deleted VolumeSnapshot; one that went before the controller had seen it leaves no mark.
 */
async function deleteContent(
  content: VolumeSnapshotContent,
  { client, signal }: ControllerContext,
): Promise<void> {
  const ref = { name: content.metadata.name ?? '' };
  if (content.metadata.annotations?.[beingDeleted] === undefined) {
    try {
      await client.patch(
        snapshotTypes.volumeSnapshotContents,
        ref,
        {
          contentType: 'merge',
          body: { metadata: { annotations: { [beingDeleted]: 'yes' } } },
        },
        { signal },
      );
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
  }
  if (!content.metadata.deletionTimestamp) {
    await client.delete(snapshotTypes.volumeSnapshotContents, ref, { signal });
  }
}

async function setDeletionPolicy(
  content: VolumeSnapshotContent,
  deletionPolicy: 'Retain' | 'Delete',
  { client, signal }: ControllerContext,
): Promise<void> {
  if (content.spec.deletionPolicy === deletionPolicy) return;
  await client.patch(
    snapshotTypes.volumeSnapshotContents,
    { name: content.metadata.name ?? '' },
    { contentType: 'merge', body: { spec: { deletionPolicy } } },
    { signal },
  );
}

function getContent(
  name: string,
  { client, signal }: ControllerContext,
): Promise<VolumeSnapshotContent | undefined> {
  return client.get<VolumeSnapshotContent>(
    snapshotTypes.volumeSnapshotContents,
    { name },
    { signal },
  );
}

function sourceRef(upload: DataUpload): { namespace: string; name: string } {
  return {
    namespace: upload.spec.sourceNamespace,
    name: upload.spec.csiSnapshot?.volumeSnapshot ?? '',
  };
}

function isMadeForBackup(snapshot: VolumeSnapshot): boolean {
  return snapshot.metadata.labels?.[veleroLabels.backupName] !== undefined;
}

function isOurs(upload: DataUpload, context: ControllerContext) {
  return {
    clock: context.clock,
    signal: context.signal,
    isOurs: (live: VolumeSnapshot | VolumeSnapshotContent) =>
      ownerUid(live) === upload.metadata.uid,
  };
}

function errorOf(snapshot: VolumeSnapshot): string {
  const message = snapshot.status?.error?.message;
  return message ? `: ${message}` : '';
}

function without(
  all: { [key: string]: string } | undefined,
  keys: string[],
): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(all ?? {}).filter(([key]) => !keys.includes(key)),
  );
}
