import { isNotFound } from '../api/KubeClient';
import {
  Controller,
  ControllerContext,
  queueFor,
} from '../controllers/ControllerContext';
import { DriverSnapshot, FolderDriver } from '../driver/FolderDriver';
import { FOLDERS_DRIVER } from '../driver/storageObjects';
import { changeFinalizers } from './finalizers';
import { markDeleted } from './snapshotController';
import {
  snapshotMarks as marks,
  VolumeSnapshot,
  VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from './snapshotTypes';

const POLL_MS = 100;
const ERROR_RETRY_MS = 1_000;

/**
 * What external-snapshotter does with VolumeSnapshotContents: the driver's sidecar makes, finds and deletes snapshots,
 * and the common part protects contents while a VolumeSnapshot is bound to them.
 */
export function contentController(
  context: ControllerContext,
  driver: FolderDriver,
): Controller {
  const { client, informers } = context;
  const contents = informers.of<VolumeSnapshotContent>(volumeSnapshotContents);
  const snapshots = informers.of<VolumeSnapshot>(volumeSnapshots);

  async function writeStatus(
    content: VolumeSnapshotContent,
    status: object,
  ): Promise<VolumeSnapshotContent> {
    const { name, uid } = content.metadata;
    const written = await client.patch<VolumeSnapshotContent>(
      volumeSnapshotContents,
      undefined,
      name,
      { metadata: { uid }, status },
      { subresource: 'status' },
    );
    contents.observe(written);
    return written;
  }

  async function annotateCreation(
    content: VolumeSnapshotContent,
    running: boolean,
  ): Promise<VolumeSnapshotContent> {
    const present = content.metadata.annotations?.[marks.beingCreated];
    if (Boolean(present) === running) return content;
    const { name, uid } = content.metadata;
    const written = await client.patch<VolumeSnapshotContent>(
      volumeSnapshotContents,
      undefined,
      name,
      {
        metadata: {
          uid,
          annotations: { [marks.beingCreated]: running ? 'yes' : null },
        },
      },
    );
    contents.observe(written);
    return written;
  }

  async function report(
    content: VolumeSnapshotContent,
    snapshot: DriverSnapshot,
  ): Promise<{ requeueAfterMs: number } | undefined> {
    const ready = driver.isReady(snapshot);
    const known = content.status ?? {};
    if (
      known.readyToUse !== ready ||
      known.snapshotHandle !== snapshot.handle ||
      known.error
    ) {
      await writeStatus(content, {
        creationTime: snapshot.createdAt * 1e6,
        readyToUse: ready,
        restoreSize: snapshot.sizeBytes,
        snapshotHandle: snapshot.handle,
        error: null,
      });
    }
    return ready ? undefined : { requeueAfterMs: POLL_MS };
  }

  async function fail(
    content: VolumeSnapshotContent,
    message: string,
  ): Promise<{ requeueAfterMs: number }> {
    if (content.status?.error?.message !== message) {
      const time = context
        .now()
        .toISOString()
        .replace(/\.\d+Z$/, 'Z');
      await writeStatus(content, {
        readyToUse: false,
        error: { message, time },
      });
    }
    return { requeueAfterMs: ERROR_RETRY_MS };
  }

  async function take(
    content: VolumeSnapshotContent,
  ): Promise<{ requeueAfterMs: number } | undefined> {
    const { volumeHandle, snapshotHandle } = content.spec?.source ?? {};
    if (snapshotHandle) {
      const found = await driver.snapshot(snapshotHandle);
      return found
        ? report(content, found)
        : fail(
            content,
            `Failed to check and update snapshot content: failed to list snapshot for content ${content.metadata.name}: "rpc error: code = NotFound desc = cannot find snapshot ${snapshotHandle}"`,
          );
    }
    if (!volumeHandle) return undefined;
    let current = content;
    if (!content.status?.snapshotHandle) {
      current = await annotateCreation(content, true);
    }
    try {
      const made = await driver.createSnapshot(
        snapshotName(content),
        volumeHandle,
      );
      current = await annotateCreation(current, false);
      return await report(current, made);
    } catch (error) {
      if (context.signal.aborted) throw error;
      return fail(
        current,
        `Failed to check and update snapshot content: failed to take snapshot of the volume ${volumeHandle}: ${JSON.stringify(
          (error as Error).message,
        )}`,
      );
    }
  }

  /** Whether the VolumeSnapshot of a content is gone or another of the same name. */
  async function isAbandoned(content: VolumeSnapshotContent): Promise<boolean> {
    const { namespace, name, uid } = content.spec?.volumeSnapshotRef ?? {};
    const known = snapshots.get(`${namespace}/${name}`);
    if (known?.metadata.uid === uid) return false;
    const live = await client.find(volumeSnapshots, namespace, name ?? '');
    return live?.metadata.uid !== uid;
  }

  async function end(
    content: VolumeSnapshotContent,
  ): Promise<{ requeueAfterMs: number } | undefined> {
    const annotations = content.metadata.annotations ?? {};
    const { source, volumeSnapshotRef } = content.spec ?? {};
    const neverBound = source?.snapshotHandle && !volumeSnapshotRef?.uid;
    if (!annotations[marks.beingDeleted] && !neverBound) return undefined;
    const handle =
      content.status?.snapshotHandle ??
      content.spec?.source?.snapshotHandle ??
      driver.snapshotHandle(snapshotName(content));
    let current = content;
    if (annotations[marks.beingCreated]) {
      current = await annotateCreation(content, false);
    }
    if (content.spec?.deletionPolicy === 'Delete') {
      try {
        await driver.deleteSnapshot(handle);
      } catch (error) {
        return fail(
          current,
          `Failed to delete snapshot: failed to delete snapshot "${handle}": ${
            (error as Error).message
          }`,
        );
      }
    }
    await changeFinalizers(context, contents, current, {
      remove: [marks.contentBound],
    });
    return undefined;
  }

  const queue = queueFor(context, 'snapshot contents', async key => {
    let content = contents.get(key);
    if (!content) return undefined;
    const ours = content.spec?.driver === FOLDERS_DRIVER;
    const bound = Boolean(content.spec?.volumeSnapshotRef?.uid);
    try {
      if (bound && (await isAbandoned(content))) {
        await markDeleted(context, contents, content);
        content = contents.get(key) ?? content;
      }
      if (content.metadata.deletionTimestamp) {
        return ours ? await end(content) : undefined;
      }
      if (bound) {
        content = await changeFinalizers(context, contents, content, {
          add: [marks.contentBound],
        });
      }
      if (!content || !ours || content.status?.readyToUse) return undefined;
      if (content.metadata.annotations?.[marks.beingDeleted]) return undefined;
      return await take(content);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  });

  contents.onChange(content => queue.add(content.metadata.name));
  snapshots.onChange((snapshot, change) => {
    const bound = snapshot.status?.boundVolumeSnapshotContentName;
    if (change === 'deleted' && bound) queue.add(bound);
  });
  return queue;
}

/** The name under which external-snapshotter asks a driver for a snapshot. */
function snapshotName(content: VolumeSnapshotContent): string {
  return `snapshot-${content.spec?.volumeSnapshotRef?.uid}`;
}
