import { isConflict, KubeError } from '../api/KubeClient';
import { Resource, types } from '../api/Resource';
import {
  Controller,
  ControllerContext,
  queueFor,
} from '../controllers/ControllerContext';
import { FolderDriver } from '../driver/FolderDriver';

const NAMESPACE = 'kube-system';
const NAME = 'dev-cluster-driver';

/** Keeps the driver's own list of snapshots in the ConfigMap `dev-cluster-driver` in kube-system: handle → JSON. */
export function driverList(
  context: ControllerContext,
  driver: FolderDriver,
): Controller {
  const { client } = context;
  const queue = queueFor(context, 'snapshots of the driver', async () => {
    const all = await driver.snapshots();
    const data = Object.fromEntries(
      all.map(each => [each.handle, JSON.stringify(each)]),
    );
    const known = await client.find<Resource & { data?: object }>(
      types.configMaps,
      NAMESPACE,
      NAME,
    );
    const wanted = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: NAME,
        namespace: NAMESPACE,
        resourceVersion: known?.metadata.resourceVersion,
      },
      data,
    };
    try {
      if (known) await client.replace(types.configMaps, wanted);
      else await client.create(types.configMaps, NAMESPACE, wanted);
    } catch (error) {
      const raced =
        isConflict(error) ||
        (error instanceof KubeError && error.reason === 'AlreadyExists');
      if (!raced) throw error;
      return { requeueAfterMs: 20 };
    }
    return undefined;
  });
  driver.onSnapshots = () => queue.add('all');
  queue.add('all');
  return queue;
}
