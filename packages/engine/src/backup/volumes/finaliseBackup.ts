import {
  Backup,
  BackupVolumeInfo,
  PodVolumeBackup,
  ResourceList,
  validLabelValue,
  veleroAnnotations,
  veleroLabels,
} from '@lifeboat/velero-api';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { cloneJson } from '../../cluster/json';
import { snapshotTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { BackupStore } from '../../storage/BackupStore';
import type { RecordSigner } from '../../storage/RecordSigner';
import { largerQuantity } from '../../volumes/policies/quantity';
import { moverWarnings } from '../../volumes/movers/moverWarnings';
import {
  removeSnapshot,
  setFate,
} from '../../volumes/snapshot/removeSnapshots';
import { backupRecord } from '../backupRecord';
import { finishedBackup } from '../finishedBackup';
import { itemKey } from '../ItemIdentifier';
import { itemPath } from '../itemPath';
import { objectAt, stringAt } from '../jsonPath';
import type { RunLog } from '../RunLog';
import { uploadTarball } from '../uploadTarball';
import { finishBackupFiles, writeBackupFiles } from '../writeBackupFiles';
import { finishedVolumeInfo } from './finishedVolumeInfo';
import { itemOperations, VolumeOperation } from './operations';
import { FinalItem, rewriteTarball } from './rewriteTarball';
import {
  putWaitingState,
  temporaryContentsKey,
  WaitingState,
} from './WaitingState';

/** Everything that ending a backup needs, once the data of its volumes has been moved. */
export interface FinaliseOptions {
  /** As it is now, Finalizing. */
  backup: Backup;
  state: WaitingState;
  operations: VolumeOperation[];
  client: ClusterClient;
  store: BackupStore;
  signer: RecordSigner;
  /** Goes on behind the lines of the run. */
  log: RunLog;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Ends a backup whose data was moved: names what failed, streams the tarball through once more with the final objects, writes
 * all files, the metadata with its terminal phase last. May be done again after any interruption.
 *
 * @returns the Backup as it is in storage
 *
 * Source: Velero `backup_finalizer_controller.go`; design: to a temporary key first.
 */
export async function finaliseBackup(
  options: FinaliseOptions,
): Promise<Backup> {
  const { backup, state, operations, client, store, log, clock, signal } =
    options;
  const name = backup.metadata.name ?? '';
  for (const { record, state: ended, error, upload, copy } of operations) {
    const { claim } = record;
    const fields = claim && {
      resource: 'persistentvolumeclaims',
      namespace: claim.namespace,
      name: claim.name,
    };
    if (ended === 'completed') {
      log.info(`the data of volume ${record.title} is in the backup`, fields);
      for (const warning of moverWarnings(upload ?? copy)) {
        log.warn(`volume ${record.title}: ${warning}`, fields);
      }
    } else {
      log.error(`the data of volume ${record.title} is not in the backup`, {
        ...fields,
        error: error ?? 'it did not end',
      });
    }
  }
  const added = await finalItems(options);
  const tarballSha256 = await replaceTarball(options, added);
  const volumeInfo = finalVolumeInfos(state, operations);
  await writeBackupFiles(
    store,
    name,
    {
      resourceList: finalResourceList(state, added),
      volumeInfo,
      podVolumeBackups: operations.flatMap(({ copy }) =>
        copy ? [copy as PodVolumeBackup] : [],
      ),
      itemOperations: itemOperations(backup, operations, clock.now()),
      record: options.signer.sign(
        backupRecord(backup, { ...state, tarballSha256 }, clock.now()),
      ),
    },
    signal,
  );
  const kept = operations.filter(
    ({ record, state: ended }) =>
      record.method === 'csi-snapshot' && ended === 'completed',
  );
  for (const { record } of kept) {
    // From here on the storage's snapshot outlives its objects.
    await setFate(record.snapshot?.content ?? '', 'Retain', {
      client,
      signal,
    });
  }
  const finished = finishedBackup(backup, log, {
    items: state.items - state.volumes.dropped.length + added.length,
    now: clock.now(),
    status: operationStatus(operations),
  });
  await finishBackupFiles(store, finished, log, signal);
  return finished;
}

/** Figures about the operations of a Backup, for its status. */
export function operationStatus(operations: VolumeOperation[]): {
  backupItemOperationsCompleted?: number;
  backupItemOperationsFailed?: number;
  csiVolumeSnapshotsCompleted?: number;
} {
  const count = (state: VolumeOperation['state']) =>
    operations.filter(each => each.record.operationID && each.state === state)
      .length;
  const snapshots = operations.filter(
    ({ record, state }) =>
      record.method === 'csi-snapshot' && state === 'completed',
  ).length;
  return {
    ...(count('completed') > 0 && {
      backupItemOperationsCompleted: count('completed'),
    }),
    ...(count('failed') > 0 && {
      backupItemOperationsFailed: count('failed'),
    }),
    ...(snapshots > 0 && { csiVolumeSnapshotsCompleted: snapshots }),
  };
}

/**
 * Removes the VolumeSnapshots and contents of a backup that keeps its snapshots in the storage; failed ones with the storage's
 * snapshot. Source: Velero, csi snapshot actions at finalisation.
 */
export async function releaseSnapshots(
  operations: VolumeOperation[],
  options: { client: ClusterClient; signal: AbortSignal },
): Promise<void> {
  for (const { record, state, snapshot } of operations) {
    if (record.method === 'csi-snapshot' && snapshot) {
      await removeSnapshot(
        snapshot,
        state === 'completed' ? 'Retain' : 'Delete',
        options,
      );
    }
  }
}

export function finalVolumeInfos(
  state: WaitingState,
  operations: VolumeOperation[],
): BackupVolumeInfo[] {
  const infos = state.volumeInfos.map(info => {
    const operation = operations.find(
      ({ record: { claim } }) =>
        claim &&
        claim.name === info.pvcName &&
        claim.namespace === info.pvcNamespace,
    );
    return operation ? finishedVolumeInfo(operation, info) : info;
  });
  return [
    ...infos,
    ...operations
      .filter(({ record }) => !record.claim)
      .map(operation => finishedVolumeInfo(operation, {})),
  ];
}

async function finalItems({
  backup,
  operations,
  client,
  signal,
  log,
}: FinaliseOptions): Promise<FinalItem[]> {
  const items: FinalItem[] = [];
  const classes = new Set<string>();
  for (const { record, upload, snapshot, content, state } of operations) {
    if (upload) {
      items.push({
        location: {
          groupResource: 'datauploads.velero.io',
          namespace: upload.metadata.namespace,
          name: upload.metadata.name ?? '',
        },
        version: 'v2alpha1',
        object: upload as unknown as KubernetesObject,
      });
    }
    if (state === 'completed' && snapshot && content && record.snapshot) {
      classes.add(record.snapshot.snapshotClass);
      items.push(...snapshotItems(backup, snapshot, content));
    }
  }
  for (const name of classes) {
    const found = await client.get<KubernetesObject>(
      snapshotTypes.volumeSnapshotClasses,
      { name },
      { signal },
    );
    if (found) {
      items.push(snapshotItem('volumesnapshotclasses', found));
    } else {
      log.warn(`VolumeSnapshotClass ${name} has gone and is not in the backup`);
    }
  }
  return items;
}

const snapshotKinds = {
  volumesnapshots: 'VolumeSnapshot',
  volumesnapshotcontents: 'VolumeSnapshotContent',
  volumesnapshotclasses: 'VolumeSnapshotClass',
};

function snapshotItem(resource: string, object: KubernetesObject): FinalItem {
  return {
    location: {
      groupResource: `${resource}.snapshot.storage.k8s.io`,
      namespace: object.metadata.namespace || undefined,
      name: object.metadata.name ?? '',
    },
    version: 'v1',
    object: {
      ...object,
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: snapshotKinds[resource as keyof typeof snapshotKinds],
    },
  };
}

/** The pair as Velero restores it: facts of the snapshot as annotations. Source: Velero `volumesnapshot_action.go`. */
function snapshotItems(
  backup: Backup,
  snapshot: KubernetesObject,
  content: KubernetesObject,
): FinalItem[] {
  const label = {
    [veleroLabels.backupName]: validLabelValue(backup.metadata.name ?? ''),
  };
  const markedContent = cloneJson(content);
  markedContent.metadata.labels = { ...content.metadata.labels, ...label };
  const marked = cloneJson(snapshot);
  marked.metadata.labels = { ...snapshot.metadata.labels, ...label };
  const restoreSize = stringAt(snapshot, 'status', 'restoreSize');
  marked.metadata.annotations = {
    ...snapshot.metadata.annotations,
    [veleroAnnotations.volumeSnapshotHandle]:
      stringAt(content, 'status', 'snapshotHandle') ?? '',
    [veleroAnnotations.csiDriverName]:
      stringAt(content, 'spec', 'driver') ?? '',
    [veleroAnnotations.volumeSnapshotContentDeletionPolicy]:
      stringAt(content, 'spec', 'deletionPolicy') ?? '',
    ...(restoreSize && {
      [veleroAnnotations.volumeSnapshotRestoreSize]: restoreSize,
    }),
  };
  return [
    snapshotItem('volumesnapshots', marked),
    snapshotItem('volumesnapshotcontents', markedContent),
  ];
}

/** Paths in the tarball of objects named by `itemKey`. */
function pathOf(key: string): string {
  const [groupResource, namespace, ...name] = key.split('/');
  return itemPath({
    groupResource,
    namespace: namespace || undefined,
    name: name.join('/'),
  });
}

/** A claim asks for at least what its snapshot holds. Source: Velero `pvc_action.go`, not for moved data. */
function claimChanges(
  operations: VolumeOperation[],
): Map<string, (object: KubernetesObject) => KubernetesObject> {
  const changes = new Map<
    string,
    (object: KubernetesObject) => KubernetesObject
  >();
  for (const { record, snapshot } of operations) {
    const size = stringAt(snapshot, 'status', 'restoreSize');
    if (record.method === 'csi-snapshot' && record.claim && size) {
      changes.set(
        pathOf(
          itemKey({
            group: '',
            resource: 'persistentvolumeclaims',
            ...record.claim,
          }),
        ),
        claim => {
          const requests = objectAt(claim, 'spec', 'resources', 'requests');
          const asked = stringAt(requests, 'storage');
          if (asked) {
            requests.storage = largerQuantity(asked, size);
          }
          return claim;
        },
      );
    }
  }
  return changes;
}

async function replaceTarball(
  options: FinaliseOptions,
  added: FinalItem[],
): Promise<string> {
  const { backup, state, operations, store, signal } = options;
  const name = backup.metadata.name ?? '';
  const { contents } = store.keys.backup(name);
  const temporary = temporaryContentsKey(store, name);
  const { written: read, sha256 } = await uploadTarball(
    body => store.objects.put(temporary, body, { signal }),
    async tarball =>
      rewriteTarball(await store.readContents(name, { signal }), tarball, {
        dropped: new Set(state.volumes.dropped.map(pathOf)),
        changed: claimChanges(operations),
        added,
      }),
    options,
  );
  if (read !== state.tarballSha256 && read !== state.finalSha256) {
    throw new Error(
      'the tarball in storage is not the one that this backup wrote',
    );
  }
  state.finalSha256 = sha256;
  // Whoever goes on after a crash finds one tarball or the other.
  await putWaitingState(store, name, state, { signal });
  await store.objects.copy(temporary, contents, { signal });
  return sha256;
}

function finalResourceList(
  state: WaitingState,
  added: FinalItem[],
): ResourceList {
  const dropped = new Set(state.volumes.dropped);
  const list: ResourceList = {};
  const keyOf = (type: string, title: string) => {
    const [namespace, name] = title.includes('/')
      ? title.split('/')
      : ['', title];
    const resource = type === 'v1/Pod' ? 'pods' : 'persistentvolumeclaims';
    return itemKey({ group: '', resource, namespace, name });
  };
  for (const [type, titles] of Object.entries(state.resourceList)) {
    const left =
      type === 'v1/Pod' || type === 'v1/PersistentVolumeClaim'
        ? titles.filter(title => !dropped.has(keyOf(type, title)))
        : titles;
    if (left.length > 0) {
      list[type] = left;
    }
  }
  for (const { object, location } of added) {
    const type = `${object.apiVersion}/${object.kind}`;
    const title = location.namespace
      ? `${location.namespace}/${location.name}`
      : location.name;
    list[type] = [...new Set([...(list[type] ?? []), title])].sort();
  }
  return Object.fromEntries(
    Object.keys(list)
      .sort()
      .map(type => [type, list[type]]),
  );
}
