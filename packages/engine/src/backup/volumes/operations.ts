import {
  Backup,
  BackupOperation,
  DataUpload,
  defaults,
  isTerminalDataPathPhase,
  parseDurationOr,
  PodVolumeBackup,
  ResourceIdentifier,
} from '@lifeboat/velero-api';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { snapshotTypes, veleroTypes } from '../../cluster/knownTypes';
import type {
  ApiObject,
  KubernetesObject,
} from '../../cluster/KubernetesObject';
import type { ReadonlyCache } from '../../cluster/ReadonlyCache';
import type { ResourceTypeRef } from '../../cluster/ResourceType';
import { objectAt, stringAt } from '../jsonPath';
import { seconds } from '../prepareBackup';
import { podVolumeTimeout } from './podVolumeTimeout';
import type { VolumeRecord } from './VolumeRecord';

/** How far the data of one volume is. */
export interface VolumeOperation {
  record: VolumeRecord;
  state: 'open' | 'completed' | 'failed';
  /** For people, of a failed one. */
  error?: string;
  /** Past its time: it is cancelled, and waited for a little longer. */
  isLate: boolean;
  upload?: DataUpload;
  copy?: PodVolumeBackup;
  snapshot?: KubernetesObject;
  content?: KubernetesObject;
}

/** What is given to operations that were cancelled before they are taken for failed. */
const graceMs = 120_000;

/** Whether a data-path resource has come to its end. */
export function isEnded(object: { status?: { phase?: string } }): boolean {
  return isTerminalDataPathPhase(object.status?.phase);
}

interface Source {
  client: ClusterClient;
  /** The control namespace. */
  namespace: string;
  uploads: ReadonlyCache<DataUpload>;
  copies: ReadonlyCache<PodVolumeBackup>;
  signal: AbortSignal;
  now: number;
}

/** Looks at everything that was started for a backup's volumes. Source: Velero `backup_operations_controller.go`. */
export async function lookAtOperations(
  backup: Backup,
  records: VolumeRecord[],
  source: Source,
): Promise<VolumeOperation[]> {
  const limit = parseDurationOr(
    backup.spec.itemOperationTimeout,
    defaults.itemOperationTimeout,
  );
  return Promise.all(
    records.map(async record => {
      const timeoutMs = record.podVolumeBackup
        ? podVolumeTimeout(backup)
        : limit;
      const age = source.now - Date.parse(record.startedAt);
      const found = await lookAt(record, source);
      if (found.state !== 'open') {
        return { ...found, record, isLate: false };
      }
      const isLate = age > timeoutMs;
      return age > timeoutMs + graceMs
        ? {
            ...found,
            record,
            isLate,
            state: 'failed' as const,
            error: `it did not end within ${timeoutMs / 1000} s (timed out)`,
          }
        : { ...found, record, isLate };
    }),
  );
}

type Found = Omit<VolumeOperation, 'record' | 'isLate'>;

async function lookAt(record: VolumeRecord, source: Source): Promise<Found> {
  if (record.dataUpload) {
    const upload = await read(
      veleroTypes.dataUploads,
      record.dataUpload,
      source.uploads,
      source,
    );
    return { ...outcomeOf(upload, 'DataUpload'), upload };
  }
  if (record.podVolumeBackup) {
    const copy = await read(
      veleroTypes.podVolumeBackups,
      record.podVolumeBackup,
      source.copies,
      source,
    );
    return { ...outcomeOf(copy, 'PodVolumeBackup'), copy };
  }
  return lookAtSnapshot(record, source);
}

async function lookAtSnapshot(
  { snapshot: made }: VolumeRecord,
  { client, signal }: Source,
): Promise<Found> {
  const { namespace, name = '', content: contentName = '' } = made ?? {};
  const snapshot = await client.get<KubernetesObject>(
    snapshotTypes.volumeSnapshots,
    { namespace, name },
    { signal },
  );
  const content = await client.get<KubernetesObject>(
    snapshotTypes.volumeSnapshotContents,
    { name: contentName },
    { signal },
  );
  return { ...snapshotOutcome(snapshot, content), snapshot, content };
}

/**
 * How far a snapshot that stays in the storage is: complete once both of its objects are ready.
 *
 * Source: Velero `volumesnapshot_action.go`, Progress.
 */
export function snapshotOutcome(
  snapshot: KubernetesObject | undefined,
  content: KubernetesObject | undefined,
): Pick<VolumeOperation, 'state' | 'error'> {
  if (!snapshot || !content) {
    return {
      state: 'failed',
      error: `its ${
        snapshot ? 'VolumeSnapshotContent' : 'VolumeSnapshot'
      } was deleted`,
    };
  }
  const isReady = (object: KubernetesObject) =>
    objectAt(object, 'status').readyToUse === true;
  if (!isReady(snapshot)) {
    return { state: 'open' };
  }
  const error = stringAt(content, 'status', 'error', 'message');
  if (error) {
    return { state: 'failed', error };
  }
  return { state: isReady(content) ? 'completed' : 'open' };
}

/** The watched copy may lag behind the moment of creation; the server tells what is not in it. */
async function read<T extends ApiObject>(
  type: ResourceTypeRef,
  name: string,
  cache: ReadonlyCache<T>,
  { client, namespace, signal }: Source,
): Promise<T | undefined> {
  const ref = { namespace, name };
  return cache.get(ref) ?? client.get<T>(type, ref, { signal });
}

function outcomeOf(
  object: DataUpload | PodVolumeBackup | undefined,
  kind: string,
): Pick<VolumeOperation, 'state' | 'error'> {
  if (!object) {
    return { state: 'failed', error: `its ${kind} was deleted` };
  }
  const { phase, message, snapshotID } = object.status ?? {};
  if (!isTerminalDataPathPhase(phase)) {
    return { state: 'open' };
  }
  if (phase === 'Completed') {
    return snapshotID
      ? { state: 'completed' }
      : {
          state: 'failed',
          error: `its ${kind} ${object.metadata.name} is Completed without a snapshot in the repository`,
        };
  }
  return {
    state: 'failed',
    error: `its ${kind} ${object.metadata.name} is ${phase}${
      message ? `: ${message}` : ''
    }`,
  };
}

const operationPhases = {
  open: 'InProgress',
  completed: 'Completed',
  failed: 'Failed',
} as const;

/**
 * The entries of `<backup>-itemoperations.json.gz`. File-system backups are no operations in Velero.
 *
 * Source: Velero `pkg/itemoperation`.
 */
export function itemOperations(
  backup: Backup,
  operations: VolumeOperation[],
  now: number,
): BackupOperation[] {
  return operations
    .filter(({ record }) => record.operationID)
    .map(operation => {
      const { record, upload, state } = operation;
      const { progress, startTimestamp, completionTimestamp, phase } =
        upload?.status ?? {};
      return {
        spec: {
          backupName: backup.metadata.name ?? '',
          backupUID: backup.metadata.uid ?? '',
          operationID: record.operationID ?? '',
          ...described(record, backup),
        },
        status: {
          phase: operationPhases[state],
          ...(operation.error && { error: operation.error }),
          ...(progress && {
            nCompleted: progress.bytesDone ?? 0,
            nTotal: progress.totalBytes ?? 0,
            operationUnits: 'Bytes',
          }),
          ...(phase && { description: phase }),
          created: record.startedAt,
          started: startTimestamp ?? record.startedAt,
          updated: completionTimestamp ?? seconds(now),
        },
      };
    });
}

function described(
  { claim, dataUpload, snapshot }: VolumeRecord,
  backup: Backup,
): Pick<
  BackupOperation['spec'],
  'backupItemAction' | 'resourceIdentifier' | 'postOperationItems'
> {
  if (dataUpload) {
    return {
      backupItemAction: 'velero.io/csi-pvc-backupper',
      resourceIdentifier: identifier(
        '',
        'persistentvolumeclaims',
        claim?.name ?? '',
        claim?.namespace,
      ),
      postOperationItems: [
        identifier(
          'velero.io',
          'datauploads',
          dataUpload,
          backup.metadata.namespace,
        ),
      ],
    };
  }
  const { namespace, name = '', content = '' } = snapshot ?? {};
  const group = 'snapshot.storage.k8s.io';
  const own = identifier(group, 'volumesnapshots', name, namespace);
  return {
    backupItemAction: 'velero.io/csi-volumesnapshot-backupper',
    resourceIdentifier: own,
    postOperationItems: [
      own,
      identifier(group, 'volumesnapshotcontents', content),
    ],
  };
}

function identifier(
  Group: string,
  Resource: string,
  Name: string,
  Namespace = '',
): ResourceIdentifier {
  return { Group, Resource, Namespace, Name };
}
