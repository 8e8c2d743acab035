import {
  isForbidden,
  isNotFound,
  snapshotTypes,
  storageTypes,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import type { ClusterTestSettings } from '../cluster/readClusterTestSettings';
import type { ApiConnection } from './ApiConnection';
import { imageProblem } from './imageProblem';

interface Cluster {
  client: ClusterClient;
  connection: ApiConnection;
  settings: ClusterTestSettings;
  /** Of objects that are made to find out. */
  name: string;
}

/**
 * Looks for what would make the stories fail one by one: what is not applied, does not exist, or does not fit together.
 *
 * @throws Error that names all of it
 */
export async function preflight(cluster: Cluster): Promise<void> {
  const missing = await deployProblem(cluster);
  const problems = missing
    ? [missing]
    : [...(await classProblems(cluster)), await imageProblem(cluster)].filter(
        problem => problem !== undefined,
      );
  if (problems.length > 0) {
    throw new Error(
      `The stories cannot begin:\n${problems
        .map(problem => `  - ${problem}`)
        .join('\n')}`,
    );
  }
}

async function deployProblem({
  client,
  settings: { controlNamespace },
}: Cluster): Promise<string | undefined> {
  const command = 'kubectl apply -k deploy';
  try {
    for await (const _any of client.list(veleroTypes.backupStorageLocations, {
      namespace: controlNamespace,
      pageSize: 1,
    })) {
      break;
    }
    return undefined;
  } catch (error) {
    if (isNotFound(error)) {
      return `Velero's resources are not defined in this cluster: ${command}`;
    }
    if (!isForbidden(error)) throw error;
    return `${error}: is deploy/ applied (${command}), and is ${controlNamespace} the namespace?`;
  }
}

async function classProblems({
  client,
  settings: { storageClass, snapshotClass },
}: Cluster): Promise<string[]> {
  const problems: string[] = [];
  const find = async <T extends KubernetesObject>(
    option: string,
    type: Parameters<ClusterClient['list']>[0],
    name: string,
  ): Promise<T | undefined> => {
    const all: T[] = [];
    for await (const each of client.list<T>(type, {})) all.push(each);
    const found = all.find(({ metadata }) => metadata.name === name);
    if (!found) {
      const names = all.map(({ metadata }) => metadata.name).join(', ');
      problems.push(
        `${option} ${name} does not exist; there ${
          names ? `is ${names}` : 'are none'
        }`,
      );
    }
    return found;
  };
  const volumes = await find<KubernetesObject & { provisioner?: string }>(
    '--storage-class',
    storageTypes.storageClasses,
    storageClass,
  );
  if (!snapshotClass) return problems;
  const snapshots = await find<KubernetesObject & { driver?: string }>(
    '--snapshot-class',
    snapshotTypes.volumeSnapshotClasses,
    snapshotClass,
  );
  if (volumes && snapshots && volumes.provisioner !== snapshots.driver) {
    problems.push(
      `--snapshot-class ${snapshotClass} is of driver ${snapshots.driver}, --storage-class ${storageClass} of ${volumes.provisioner}`,
    );
  }
  return problems;
}
