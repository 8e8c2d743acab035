import { isForbidden, isNotFound } from '../../cluster/ApiError';
import type { ClusterClient } from '../../cluster/ClusterClient';
import type { Discovery } from '../../cluster/Discovery';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { objectAt } from '../../backup/jsonPath';
import { admissionWebhook } from './admissionWebhook';
import { autoscaler } from './autoscaler';
import { clusterRoleBinding, roleBinding } from './bindings';
import { changeImageName } from './changeImageName';
import { changeStorageClass } from './changeStorageClass';
import { claim } from './claim';
import { definition } from './definition';
import {
  apiService,
  clusterConfigMap,
  endpoints,
  endpointSlice,
  generatedTypes,
  replicationController,
} from './generated';
import { initRestoreHook } from './initRestoreHook';
import { ingress } from './ingress';
import { internalImages } from './internalImages';
import { job } from './job';
import { ownedPod } from './ownedPod';
import { claimsOfPod, pod } from './pod';
import type { RestoreItemAction } from './RestoreItemAction';
import { route } from './route';
import { restoreWait } from './restoreWaitAction';
import { secret } from './secret';
import { service } from './service';
import { serviceAccount } from './serviceAccount';
import {
  type RestoreWaitConfig,
  restoreWaitSettings,
} from '../volumes/restoreWait';

/** Transforms that need nothing but the object; those that skip come first. */
export const plainActions: RestoreItemAction[] = [
  ...generatedTypes,
  apiService,
  clusterConfigMap,
  endpoints,
  endpointSlice,
  replicationController,
  ownedPod,
  claimsOfPod,
  job,
  pod,
  service,
  serviceAccount,
  secret,
  roleBinding,
  clusterRoleBinding,
  definition,
  claim,
  admissionWebhook,
  route,
  ingress,
  autoscaler,
  internalImages,
];

const pluginConfig = 'velero.io/plugin-config';

async function configData(
  client: ClusterClient,
  namespace: string,
  plugin: string,
  signal: AbortSignal,
): Promise<{ [key: string]: string } | undefined> {
  const found: KubernetesObject[] = [];
  for await (const configMap of client.list(coreTypes.configMaps, {
    namespace,
    labelSelector: `${pluginConfig},${plugin}=RestoreItemAction`,
    signal,
  })) {
    found.push(configMap);
  }
  if (found.length > 1) {
    throw new Error(
      `found more than one ConfigMap matching label selector "${pluginConfig},${plugin}=RestoreItemAction"`,
    );
  }
  return found[0] && (objectAt(found[0], 'data') as { [key: string]: string });
}

async function storageClasses(
  client: ClusterClient,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<Set<string>> {
  const type = discovery.find('storageclasses.storage.k8s.io');
  const names = new Set<string>();
  if (type) {
    for await (const item of client.list(type, { signal })) {
      names.add(item.metadata.name ?? '');
    }
  }
  return names;
}

/**
 * The transforms of a restore, with those that ConfigMaps in the control namespace configure.
 *
 * @param mover - the image in which restored pods wait for their files
 *
 * Source: Velero, built-in restore item actions.
 */
export async function restoreActions(
  client: ClusterClient,
  discovery: Discovery,
  controlNamespace: string,
  signal: AbortSignal,
  mover: { image: string; imagePullPolicy?: string },
): Promise<RestoreItemAction[]> {
  const actions = [...plainActions];
  let waitConfig: RestoreWaitConfig | undefined;
  try {
    waitConfig = await configData(
      client,
      controlNamespace,
      'velero.io/pod-volume-restore',
      signal,
    );
    const classes = await configData(
      client,
      controlNamespace,
      'velero.io/change-storage-class',
      signal,
    );
    if (classes) {
      const existing = await storageClasses(client, discovery, signal);
      actions.push(changeStorageClass(classes, name => existing.has(name)));
    }
    const images = await configData(
      client,
      controlNamespace,
      'velero.io/change-image-name',
      signal,
    );
    if (images) {
      actions.push(changeImageName(Object.values(images)));
    }
  } catch (error) {
    // Without the right to read ConfigMaps there is nothing to configure.
    if (!isForbidden(error) && !isNotFound(error)) {
      throw error;
    }
  }
  actions.push(
    restoreWait(restoreWaitSettings(mover, waitConfig)),
    initRestoreHook,
  );
  return actions;
}
