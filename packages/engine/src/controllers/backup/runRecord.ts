import {
  type Backup,
  validLabelValue,
  veleroLabels,
} from '@lifeboat/velero-api';
import { isJsonObject } from '../../backup/jsonPath';
import { isNotFound } from '../../cluster/ApiError';
import { createOnce } from '../../cluster/createOnce';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { coreTypes } from '../../cluster/knownTypes';
import {
  frozenAnnotation,
  type FrozenPod,
  readFrozen,
  writeFrozen,
} from '../../volumes/hooks/frozen';
import type { ControllerContext } from '../Controller';
import { storedInAnnotation } from '../storageLocations';

/** On ConfigMaps that say what an unfinished backup may have left, for the time when its Backup is deleted. */
const recordLabel = 'lifeboat.dev/run';

/** A ConfigMap with the facts about an unfinished backup. */
export type RunRecord = KubernetesObject & {
  data?: { [key: string]: string };
};

type Reach = Pick<ControllerContext, 'client' | 'namespace'>;

/** Name of the record of a Backup. */
export function runRecordName(backupUid: string): string {
  return `lifeboat-backup-${backupUid}`;
}

/** Whether a ConfigMap is such a record. */
export function isRunRecord(object: KubernetesObject): object is RunRecord {
  return object.metadata.labels?.[recordLabel] === 'backup';
}

/**
 * Writes down, before a run does anything, what is needed to remove what it makes: `kubectl delete` takes the Backup away at
 * once, and a finalizer would keep it for ever where no engine runs.
 */
export async function putRunRecord(
  backup: Backup,
  { client, clock, namespace }: ControllerContext,
  signal: AbortSignal,
): Promise<void> {
  const { name = '', uid = '', annotations } = backup.metadata;
  const storedIn = annotations?.[storedInAnnotation];
  const { storageLocation, includedNamespaces } = backup.spec;
  await createOnce<RunRecord>(
    client,
    coreTypes.configMaps,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        namespace,
        name: runRecordName(uid),
        labels: {
          [recordLabel]: 'backup',
          'app.kubernetes.io/managed-by': 'lifeboat',
          [veleroLabels.backupName]: validLabelValue(name),
          [veleroLabels.backupUid]: uid,
        },
      },
      data: {
        backup: JSON.stringify({
          metadata: {
            namespace,
            name,
            uid,
            ...(storedIn && {
              annotations: { [storedInAnnotation]: storedIn },
            }),
          },
          spec: { storageLocation, includedNamespaces },
        }),
      },
    },
    { clock, signal, isOurs: isRunRecord },
  );
}

/** The Backup that a record is about, with what of it is needed to clean up; undefined when it cannot be understood. */
export function recordedBackup(record: RunRecord): Backup | undefined {
  try {
    const value: unknown = JSON.parse(record.data?.backup ?? '');
    return isJsonObject(value) &&
      isJsonObject(value.metadata) &&
      isJsonObject(value.spec) &&
      typeof value.metadata.name === 'string' &&
      typeof value.metadata.uid === 'string' &&
      runRecordName(value.metadata.uid) === record.metadata.name
      ? ({
          apiVersion: 'velero.io/v1',
          kind: 'Backup',
          ...value,
        } as unknown as Backup)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Which pods the run may have left frozen. */
export function recordedFrozen({ data }: RunRecord): FrozenPod[] {
  return readFrozen({
    metadata: { annotations: { [frozenAnnotation]: data?.frozen ?? '' } },
  });
}

/**
 * Writes into a record which pods may be frozen, or that all are awake.
 *
 * @throws ApiError when there is no record to say that pods may be frozen
 */
export async function recordFrozen(
  backupUid: string,
  pods: FrozenPod[],
  { client, namespace }: Reach,
  signal: AbortSignal,
): Promise<void> {
  const frozen = pods.length > 0 ? writeFrozen(pods)[frozenAnnotation] : null;
  try {
    await client.patch(
      coreTypes.configMaps,
      { namespace, name: runRecordName(backupUid) },
      { contentType: 'merge', body: { data: { frozen } } },
      { signal },
    );
  } catch (error) {
    if (pods.length > 0 || !isNotFound(error)) {
      throw error;
    }
  }
}
