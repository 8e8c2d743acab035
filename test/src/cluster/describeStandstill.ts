import {
  coreTypes,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import { appsTypes } from './appsTypes';

const looked: ResourceTypeRef[] = [
  veleroTypes.backups,
  veleroTypes.restores,
  veleroTypes.dataUploads,
  veleroTypes.dataDownloads,
  veleroTypes.podVolumeBackups,
  veleroTypes.podVolumeRestores,
  coreTypes.pods,
  coreTypes.persistentVolumeClaims,
  coreTypes.persistentVolumes,
  appsTypes.deployments,
  appsTypes.replicaSets,
];

/** Phases of what has ended, or works as it should. */
const atRest = new Set(['Completed', 'Succeeded', 'Bound']);

/**
 * What was going on when something did not come to its end in time: every object that moves data or is not at rest, and the end
 * of the engine's log. For the messages of tests that fail where nobody can look.
 */
export async function describeStandstill(
  client: ClusterClient,
  engineLog: string,
): Promise<string> {
  const lines: string[] = [];
  for (const type of looked) {
    try {
      for await (const object of client.list<KubernetesObject>(type)) {
        const line = describe(type, object);
        if (line) lines.push(line);
      }
    } catch (error) {
      lines.push(`${type.resource}: ${error}`);
    }
  }
  return [...lines, engineLog.slice(-6000)].join('\n');
}

function describe(
  { resource }: ResourceTypeRef,
  { metadata, status }: KubernetesObject,
): string | undefined {
  const phase = (status as { phase?: string } | undefined)?.phase;
  if (phase && atRest.has(phase) && !metadata.deletionTimestamp) {
    return undefined;
  }
  const name = [metadata.namespace, metadata.name].filter(Boolean).join('/');
  return `${resource} ${name} ${JSON.stringify({
    deletionTimestamp: metadata.deletionTimestamp,
    finalizers: metadata.finalizers,
    annotations: metadata.annotations,
    status,
  })}`;
}
