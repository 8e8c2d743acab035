import { isForbidden, isNotFound } from '../../cluster/ApiError';
import type { ClusterClient } from '../../cluster/ClusterClient';
import type { Discovery } from '../../cluster/Discovery';
import { stringAt } from '../jsonPath';
import type { BackupItemAction } from './BackupItemAction';
import { claimAction } from './claimAction';
import { openshiftWorkloadAction } from './openshiftWorkloadAction';
import { podAction } from './podAction';
import { serviceAccountAction } from './serviceAccountAction';

/** Host of the cluster's internal image registry as an ImageStream tells it, or empty. */
async function registryHostname(
  discovery: Discovery,
  client: ClusterClient,
  signal: AbortSignal,
): Promise<string> {
  const imageStreams = discovery.find('imagestreams.image.openshift.io');
  if (!imageStreams) {
    return '';
  }
  try {
    for await (const stream of client.list(imageStreams, {
      namespace: 'openshift',
      pageSize: 1,
      signal,
    })) {
      const repository = stringAt(stream, 'status', 'dockerImageRepository');
      if (repository) {
        return repository.split('/')[0];
      }
    }
  } catch (error) {
    if (!isForbidden(error) && !isNotFound(error)) {
      throw error;
    }
  }
  return '';
}

/** The actions that run on this cluster, in Velero's order: by name. */
export async function backupActions(
  discovery: Discovery,
  client: ClusterClient,
  signal: AbortSignal,
): Promise<BackupItemAction[]> {
  const actions = [podAction, claimAction, serviceAccountAction];
  // A Route type alone may be a CRD on a plain cluster; these groups come with OpenShift's own API servers.
  const isOpenShift = discovery.preferred.some(
    type =>
      type.group === 'image.openshift.io' ||
      type.group === 'config.openshift.io',
  );
  if (isOpenShift) {
    const { major, minor } = discovery.serverVersion;
    actions.push(
      openshiftWorkloadAction({
        serverVersion: `${major}.${minor}`,
        registryHostname: await registryHostname(discovery, client, signal),
      }),
    );
  }
  return actions;
}
