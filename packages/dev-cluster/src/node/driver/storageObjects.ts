import { setTimeout as sleep } from 'node:timers/promises';
import { KubeError } from '../api/KubeClient';
import { Resource, ResourceType, types } from '../api/Resource';
import { ControllerContext } from '../controllers/ControllerContext';
import { snapshotDefinitions } from '../snapshots/snapshotDefinitions';
import { volumeSnapshotClasses } from '../snapshots/snapshotTypes';

const ESTABLISH_TIMEOUT_MS = 30_000;

/** The driver that snapshots. */
export const FOLDERS_DRIVER = 'folders.dev-cluster.lifeboat.dev';
/** The same folders behind a driver that cannot snapshot or clone. */
export const PLAIN_DRIVER = 'plain.dev-cluster.lifeboat.dev';
export const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** Whether volumes of a driver are folders of this node. */
export function isOurDriver(driver: string | undefined): boolean {
  return driver === FOLDERS_DRIVER || driver === PLAIN_DRIVER;
}

function storageClass(
  name: string,
  provisioner: string,
  volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer',
  isDefault = false,
): Resource {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      ...(isDefault ? { annotations: { [DEFAULT_CLASS]: 'true' } } : {}),
    },
    provisioner,
    reclaimPolicy: 'Delete',
    volumeBindingMode,
    allowVolumeExpansion: false,
  } as Resource;
}

function csiDriver(name: string): Resource {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name },
    spec: { attachRequired: false, fsGroupPolicy: 'File' },
  };
}

const objects: [ResourceType, Resource][] = [
  [types.csiDrivers, csiDriver(FOLDERS_DRIVER)],
  [types.csiDrivers, csiDriver(PLAIN_DRIVER)],
  [
    types.storageClasses,
    storageClass('folders', FOLDERS_DRIVER, 'Immediate', true),
  ],
  [
    types.storageClasses,
    storageClass('folders-wait', FOLDERS_DRIVER, 'WaitForFirstConsumer'),
  ],
  [types.storageClasses, storageClass('plain', PLAIN_DRIVER, 'Immediate')],
  [
    volumeSnapshotClasses,
    {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: {
        name: 'folders',
        annotations: {
          'snapshot.storage.kubernetes.io/is-default-class': 'true',
        },
      },
      driver: FOLDERS_DRIVER,
      deletionPolicy: 'Delete',
    } as Resource,
  ],
];

async function createUnlessThere(
  { client }: ControllerContext,
  type: ResourceType,
  object: Resource,
): Promise<void> {
  try {
    await client.create(type, undefined, object);
  } catch (error) {
    const there =
      error instanceof KubeError && error.reason === 'AlreadyExists';
    if (!there) throw error;
  }
}

/**
 * Creates definitions of custom resources unless they are there, and waits until they are served.
 *
 * @throws Error when one is not established in time.
 */
export async function ensureDefinitions(
  context: ControllerContext,
  definitions: Resource[],
): Promise<void> {
  const { client, signal } = context;
  const type = types.customResourceDefinitions;
  for (const definition of definitions) {
    await createUnlessThere(context, type, definition);
  }
  const end = Date.now() + ESTABLISH_TIMEOUT_MS;
  for (const { metadata } of definitions) {
    for (;;) {
      const found = await client.get<
        Resource<unknown, { conditions?: { type: string; status: string }[] }>
      >(type, undefined, metadata.name, signal);
      const established = found.status?.conditions?.some(
        each => each.type === 'Established' && each.status === 'True',
      );
      if (established) break;
      if (Date.now() > end) {
        throw new Error(`${metadata.name} was not established`);
      }
      await sleep(50, undefined, { signal });
    }
  }
}

/** Creates the types of snapshots, the classes and the driver objects that are absent. */
export async function ensureStorageObjects(
  context: ControllerContext,
): Promise<void> {
  await ensureDefinitions(context, snapshotDefinitions);
  const end = Date.now() + ESTABLISH_TIMEOUT_MS;
  for (const [type, object] of objects) {
    for (;;) {
      try {
        await createUnlessThere(context, type, object);
        break;
      } catch (error) {
        // A type that was just established may not be served for a moment.
        const soon = error instanceof KubeError && error.code === 404;
        if (!soon || Date.now() > end) throw error;
        await sleep(100, undefined, { signal: context.signal });
      }
    }
  }
}
