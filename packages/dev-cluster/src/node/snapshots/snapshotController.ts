import { Informer, keyOf } from '../api/Informer';
import { isNotFound, KubeError } from '../api/KubeClient';
import { types } from '../api/Resource';
import {
  Controller,
  ControllerContext,
  queueFor,
} from '../controllers/ControllerContext';
import { Claim, Volume } from '../controllers/volumes';
import { Faults } from '../driver/Faults';
import { formatBytes } from '../quantity';
import { changeFinalizers } from './finalizers';
import {
  areBound,
  snapshotMarks as marks,
  SnapshotProblem,
  VolumeSnapshot,
  VolumeSnapshotClass,
  volumeSnapshotClasses,
  VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from './snapshotTypes';

const RETRY_MS = 500;

/** Why a snapshot cannot go on; goes into its `status.error`. */
class SnapshotFault extends Error {}

/**
 * What external-snapshotter's snapshot-controller does: binds VolumeSnapshots to contents, makes contents, copies their
 * state, and lets nothing vanish that is in use.
 */
export function snapshotController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const snapshots = informers.of<VolumeSnapshot>(volumeSnapshots);
  const contents = informers.of<VolumeSnapshotContent>(volumeSnapshotContents);
  const classes = informers.of<VolumeSnapshotClass>(volumeSnapshotClasses);
  const claims = informers.of<Claim>(types.persistentVolumeClaims);
  const volumes = informers.of<Volume>(types.persistentVolumes);
  const faults = new Faults(context);
  /** Annotations of the deleted snapshots whose contents' end is missed, by UID. */
  const missing = new Map<string, string>();

  const time = () =>
    context
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');

  async function writeStatus(
    snapshot: VolumeSnapshot,
    status: { [K in keyof NonNullable<VolumeSnapshot['status']>]?: unknown },
  ): Promise<VolumeSnapshot> {
    const now = (snapshot.status ?? {}) as Record<string, unknown>;
    const same = Object.entries(status).every(
      ([name, value]) =>
        JSON.stringify(now[name] ?? null) === JSON.stringify(value ?? null),
    );
    if (same) return snapshot;
    const { namespace, name, uid } = snapshot.metadata;
    const written = await client.patch<VolumeSnapshot>(
      volumeSnapshots,
      namespace,
      name,
      { metadata: { uid }, status },
      { subresource: 'status' },
    );
    snapshots.observe(written);
    return written;
  }

  function problem(snapshot: VolumeSnapshot, message: string): SnapshotProblem {
    const known = snapshot.status?.error;
    return known?.message === message ? known : { message, time: time() };
  }

  function volumeOf(claim: Claim): Volume {
    const name = claim.metadata.name;
    const volume = volumes.get(claim.spec?.volumeName ?? '');
    if (!claim.spec?.volumeName || claim.status?.phase !== 'Bound' || !volume) {
      throw new SnapshotFault(
        `Failed to create snapshot content with error the PVC ${name} is not yet bound to a PV, will not attempt to take a snapshot`,
      );
    }
    if (!volume.spec?.csi) {
      throw new SnapshotFault(
        `Failed to create snapshot content with error cannot find CSI PersistentVolumeSource for volume ${volume.metadata.name}`,
      );
    }
    return volume;
  }

  function sourceClaim(snapshot: VolumeSnapshot): Claim {
    const name = snapshot.spec?.source?.persistentVolumeClaimName ?? '';
    const claim = claims.get(`${snapshot.metadata.namespace}/${name}`);
    if (!claim) {
      throw new SnapshotFault(
        `Failed to create snapshot content with error snapshot controller failed to update ${name} on API server: cannot get claim from snapshot`,
      );
    }
    return claim;
  }

  /** Fills in the default class of the driver (Kubernetes: only where the snapshot names none). */
  async function withClass(snapshot: VolumeSnapshot): Promise<VolumeSnapshot> {
    if (snapshot.spec?.volumeSnapshotClassName) return snapshot;
    const driver = volumeOf(sourceClaim(snapshot)).spec?.csi?.driver;
    const found = classes
      .list()
      .filter(
        each =>
          each.driver === driver &&
          each.metadata.annotations?.[marks.defaultClass] === 'true',
      );
    if (found.length !== 1) {
      throw new SnapshotFault(
        `Failed to set default snapshot class with error ${
          found.length === 0
            ? 'cannot find default snapshot class'
            : `${found.length} default snapshot classes were found`
        }`,
      );
    }
    const { namespace, name, uid } = snapshot.metadata;
    const written = await client.patch<VolumeSnapshot>(
      volumeSnapshots,
      namespace,
      name,
      {
        metadata: { uid },
        spec: { volumeSnapshotClassName: found[0].metadata.name },
      },
    );
    snapshots.observe(written);
    return written;
  }

  async function makeContent(
    snapshot: VolumeSnapshot,
  ): Promise<VolumeSnapshotContent> {
    const className = snapshot.spec?.volumeSnapshotClassName ?? '';
    const snapshotClass = classes.get(className);
    if (!snapshotClass) {
      throw new SnapshotFault(
        `Failed to get snapshot class with error failed to retrieve snapshot class ${className} from the informer: "volumesnapshotclass.snapshot.storage.k8s.io \\"${className}\\" not found"`,
      );
    }
    const claim = sourceClaim(snapshot);
    const volume = volumeOf(claim);
    if (volume.spec?.csi?.driver !== snapshotClass.driver) {
      throw new SnapshotFault(
        `Failed to create snapshot content with error snapshot controller failed to update ${snapshot.metadata.name} on API server: volume driver ${volume.spec?.csi?.driver} does not match snapshot class driver ${snapshotClass.driver}`,
      );
    }
    await changeFinalizers(context, claims, claim, {
      add: [marks.claimSource],
    });
    const { namespace, name, uid, resourceVersion } = snapshot.metadata;
    try {
      const content = await client.create<VolumeSnapshotContent>(
        volumeSnapshotContents,
        undefined,
        {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshotContent',
          metadata: { name: `snapcontent-${uid}` },
          spec: {
            deletionPolicy: snapshotClass.deletionPolicy,
            driver: snapshotClass.driver,
            source: { volumeHandle: volume.spec?.csi?.volumeHandle },
            sourceVolumeMode: volume.spec?.volumeMode ?? 'Filesystem',
            volumeSnapshotClassName: className,
            volumeSnapshotRef: {
              apiVersion: 'snapshot.storage.k8s.io/v1',
              kind: 'VolumeSnapshot',
              namespace,
              name,
              uid,
              resourceVersion,
            },
          },
        },
      );
      contents.observe(content);
      return content;
    } catch (error) {
      if (!(error instanceof KubeError && error.reason === 'AlreadyExists')) {
        throw error;
      }
      return client.get<VolumeSnapshotContent>(
        volumeSnapshotContents,
        undefined,
        `snapcontent-${uid}`,
      );
    }
  }

  /** Binds a content that somebody made by hand. */
  async function bindContent(
    snapshot: VolumeSnapshot,
  ): Promise<VolumeSnapshotContent> {
    const name = snapshot.spec?.source?.volumeSnapshotContentName ?? '';
    const content = contents.get(name);
    if (!content) throw new SnapshotFault('VolumeSnapshotContent is missing');
    if (!content.spec?.source?.snapshotHandle) {
      throw new SnapshotFault(
        'VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one',
      );
    }
    const reference = content.spec.volumeSnapshotRef;
    const { namespace, name: own, uid } = snapshot.metadata;
    const meant =
      reference?.namespace === namespace &&
      reference?.name === own &&
      (!reference?.uid || reference.uid === uid);
    if (!meant) {
      throw new SnapshotFault(
        `VolumeSnapshotContent [${name}] is bound to a different snapshot`,
      );
    }
    if (reference.uid === uid) return content;
    const className = snapshot.spec?.volumeSnapshotClassName;
    const bound = await client.patch<VolumeSnapshotContent>(
      volumeSnapshotContents,
      undefined,
      name,
      {
        metadata: {
          uid: content.metadata.uid,
          resourceVersion: content.metadata.resourceVersion,
        },
        spec: {
          volumeSnapshotRef: { ...reference, uid },
          ...(className ? { volumeSnapshotClassName: className } : {}),
        },
      },
    );
    contents.observe(bound);
    return bound;
  }

  async function releaseClaim(snapshot: VolumeSnapshot): Promise<void> {
    const name = snapshot.spec?.source?.persistentVolumeClaimName;
    const namespace = snapshot.metadata.namespace;
    const claim = name ? claims.get(`${namespace}/${name}`) : undefined;
    if (!claim?.metadata.finalizers?.includes(marks.claimSource)) return;
    const needed = snapshots
      .list(namespace)
      .some(
        other =>
          other.metadata.uid !== snapshot.metadata.uid &&
          other.spec?.source?.persistentVolumeClaimName === name &&
          !other.metadata.deletionTimestamp &&
          !other.status?.readyToUse,
      );
    if (!needed) {
      await changeFinalizers(context, claims, claim, {
        remove: [marks.claimSource],
      });
    }
  }

  /** Copies what a content says into its snapshot. */
  async function follow(
    snapshot: VolumeSnapshot,
    content: VolumeSnapshotContent,
  ): Promise<void> {
    const { creationTime, readyToUse, restoreSize, error } =
      content.status ?? {};
    const written = await writeStatus(snapshot, {
      boundVolumeSnapshotContentName: content.metadata.name,
      readyToUse: readyToUse ?? false,
      ...(creationTime === undefined
        ? {}
        : { creationTime: secondsTime(creationTime) }),
      ...(restoreSize === undefined
        ? {}
        : { restoreSize: formatBytes(restoreSize) }),
      error: error ?? null,
    });
    const current = await changeFinalizers(context, snapshots, written, {
      add: [marks.snapshotBound],
    });
    if (current && readyToUse) await releaseClaim(current);
  }

  function contentOf(
    snapshot: VolumeSnapshot,
  ): VolumeSnapshotContent | undefined {
    const content = contents.get(
      snapshot.spec?.source?.volumeSnapshotContentName ??
        `snapcontent-${snapshot.metadata.uid}`,
    );
    return content?.spec?.volumeSnapshotRef?.uid === snapshot.metadata.uid
      ? content
      : undefined;
  }

  function isBeingRestored(snapshot: VolumeSnapshot): boolean {
    return claims
      .list(snapshot.metadata.namespace)
      .some(
        claim =>
          claim.status?.phase === 'Pending' &&
          !claim.metadata.deletionTimestamp &&
          claim.spec?.dataSource?.kind === 'VolumeSnapshot' &&
          claim.spec.dataSource.name === snapshot.metadata.name,
      );
  }

  /** False while the end of its content is missed, by fault: until somebody changes the snapshot. */
  function seesContentEnd(
    { metadata: { uid = '', annotations = {} } }: VolumeSnapshot,
    content: VolumeSnapshotContent | undefined,
  ): boolean {
    const now = JSON.stringify(annotations);
    if (content) {
      if (faults.on('snapshot-end-missed')) missing.set(uid, now);
      return true;
    }
    if (missing.get(uid) === now) return false;
    missing.delete(uid);
    return true;
  }

  async function end(
    snapshot: VolumeSnapshot,
  ): Promise<{ requeueAfterMs: number } | undefined> {
    const content = contentOf(snapshot);
    if (content && isBeingRestored(snapshot)) {
      return { requeueAfterMs: RETRY_MS };
    }
    if (!seesContentEnd(snapshot, content)) return undefined;
    await releaseClaim(snapshot);
    const cascades = content?.spec?.deletionPolicy === 'Delete';
    if (content) {
      await markDeleted(context, contents, content);
      if (cascades && !content.metadata.deletionTimestamp) {
        await client.delete(
          volumeSnapshotContents,
          undefined,
          content.metadata.name,
          { preconditions: { uid: content.metadata.uid } },
        );
      }
    }
    await changeFinalizers(context, snapshots, snapshot, {
      remove: [
        marks.snapshotSource,
        ...(cascades ? [] : [marks.snapshotBound]),
      ],
    });
    return undefined;
  }

  const queue = queueFor(context, 'snapshots', async key => {
    let snapshot = snapshots.get(key);
    if (!snapshot) return undefined;
    if (snapshot.metadata.deletionTimestamp) return end(snapshot);
    snapshot = await changeFinalizers(context, snapshots, snapshot, {
      add: [marks.snapshotSource],
    });
    if (!snapshot) return undefined;
    try {
      const { boundVolumeSnapshotContentName: bound, readyToUse } =
        snapshot.status ?? {};
      if (bound && readyToUse) {
        const content = contents.get(bound);
        if (!content) {
          throw new SnapshotFault('VolumeSnapshotContent is missing');
        }
        if (!areBound(snapshot, content)) {
          throw new SnapshotFault(
            'VolumeSnapshotContent is not bound to the VolumeSnapshot correctly',
          );
        }
        await changeFinalizers(context, snapshots, snapshot, {
          add: [marks.snapshotBound],
        });
        await releaseClaim(snapshot);
        return undefined;
      }
      if (snapshot.spec?.source?.volumeSnapshotContentName) {
        await follow(snapshot, await bindContent(snapshot));
        return undefined;
      }
      const present = contentOf(snapshot);
      if (present) {
        await follow(snapshot, present);
        return undefined;
      }
      snapshot = await withClass(snapshot);
      await follow(snapshot, await makeContent(snapshot));
      return undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!(error instanceof SnapshotFault)) throw error;
      await writeStatus(snapshot, {
        readyToUse: false,
        error: problem(snapshot, error.message),
      });
      return { requeueAfterMs: RETRY_MS };
    }
  });

  snapshots.onChange(snapshot => queue.add(keyOf(snapshot)));
  contents.onChange(content => {
    const { namespace, name } = content.spec?.volumeSnapshotRef ?? {};
    if (namespace && name) queue.add(`${namespace}/${name}`);
  });
  return queue;
}

/** Tells the driver's part that nobody asks for a content any more. */
export async function markDeleted(
  { client }: Pick<ControllerContext, 'client'>,
  contents: Informer<VolumeSnapshotContent>,
  content: VolumeSnapshotContent,
): Promise<void> {
  if (content.metadata.annotations?.[marks.beingDeleted]) return;
  const { name, uid } = content.metadata;
  contents.observe(
    await client.patch<VolumeSnapshotContent>(
      volumeSnapshotContents,
      undefined,
      name,
      { metadata: { uid, annotations: { [marks.beingDeleted]: 'yes' } } },
    ),
  );
}

function secondsTime(nanoseconds: number): string {
  return new Date(nanoseconds / 1e6).toISOString().replace(/\.\d+Z$/, 'Z');
}
