import type { Backup, Restore } from '@lifeboat/velero-api';
import { objectsAt, stringAt } from '../../backup/jsonPath';
import type { ItemIdentifier } from '../../backup/ItemIdentifier';
import type { Discovery } from '../../cluster/Discovery';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ItemSink, Placement } from '../ItemSink';
import type { BackupContents } from '../read/BackupContents';
import { atLeast } from './atLeast';
import {
  awaitHandOver,
  dropHandOverSelector,
  dropSource,
  provisionFromSnapshot,
} from './claimShape';
import { dataDownloadFor, downloadOperationId } from './dataDownload';
import { type ClaimPlan, decideClaim } from './decideClaim';
import { restoredSnapshotName } from './restoredSnapshotName';
import { podVolumeRestoreFor } from './podVolumeRestore';
import type { RestoredVolume } from './RestoredVolume';
import { staticSnapshot } from './staticSnapshot';
import type { PodVolumeData, VolumeRecords } from './VolumeRecords';

/** Where the content of volumes is, and how it may be brought back. */
export interface VolumeSettings {
  backup: Backup;
  records: VolumeRecords;
  /** Whether files may be written through the node into a restored pod's volumes. */
  fileSystemRestore: boolean;
  /** Claims of the cluster, as `namespace/name`, that got their content in place before the objects are restored. */
  inPlace: ReadonlySet<string>;
  /** Name of a VolumeSnapshotClass of this cluster for a driver. */
  snapshotClassOf(driver: string): string | undefined;
}

/** What is told to people about one volume. */
export interface VolumeFinding {
  error?: string;
  warning?: string;
}

const snapshots = 'volumesnapshots.snapshot.storage.k8s.io';
const snapshotContents = 'volumesnapshotcontents.snapshot.storage.k8s.io';

/**
 * The part of a restore that is about the content of volumes: shapes claims, makes what they are filled from, and orders the
 * data. It is told of each claim and pod when the restore comes to it.
 */
export class VolumeRestorer {
  readonly restored: RestoredVolume[] = [];

  constructor(
    private readonly options: {
      restore: Restore;
      contents: BackupContents;
      settings: VolumeSettings | undefined;
      sink: ItemSink;
      discovery(): Discovery;
      isRestored(item: ItemIdentifier): boolean;
      onlyRepository?: string;
    },
  ) {}

  /** Whether the backup has the content of a PersistentVolume, so that its claim gets a new volume. */
  async hasContent(volume: KubernetesObject): Promise<boolean> {
    const { contents, settings } = this.options;
    const namespace = stringAt(volume, 'spec', 'claimRef', 'namespace');
    const name = stringAt(volume, 'spec', 'claimRef', 'name');
    if (!settings || !namespace || !name) {
      return false;
    }
    const item = contents.find({
      groupResource: 'persistentvolumeclaims',
      namespace,
      name,
    });
    const claim = item && (await contents.read(item).catch(() => undefined));
    return (
      claim !== undefined && settings.records.ofClaim(claim).kind !== 'none'
    );
  }

  /** @param original - the claim as it is in the backup */
  planClaim(original: KubernetesObject): ClaimPlan {
    const { settings, restore, discovery, onlyRepository } = this.options;
    const { namespace = '' } = original.metadata;
    if (!settings) {
      return { method: 'empty' };
    }
    return decideClaim({
      data: settings.records.ofClaim(original),
      restoreVolumes: restore.spec.restorePVs !== false,
      restoredInPlace: settings.inPlace.has(
        `${this.target(namespace)}/${original.metadata.name}`,
      ),
      isFilledThroughPod: pod => this.isFilledThroughPod(namespace, pod),
      servesSnapshots: discovery().find(snapshots) !== undefined,
      ...(onlyRepository !== undefined && { onlyRepository }),
    });
  }

  /** The volumes of a pod that get their files through it. */
  ofPod(original: KubernetesObject): PodVolumeData[] {
    const { settings, restore, onlyRepository } = this.options;
    if (!settings?.fileSystemRestore || restore.spec.restorePVs === false) {
      return [];
    }
    const names = new Set(
      objectsAt(original, 'spec', 'volumes').map(volume => volume.name),
    );
    const target = this.target(original.metadata.namespace ?? '');
    return settings.records
      .ofPod(original)
      .filter(
        data =>
          names.has(data.volume) &&
          !settings.inPlace.has(`${target}/${data.claim}`) &&
          (onlyRepository === undefined ||
            data.repositoryNamespace === onlyRepository),
      );
  }

  /** Gives a claim the form in which it waits for its content. */
  shape(
    claim: KubernetesObject,
    plan: ClaimPlan,
    original: KubernetesObject,
    target: string,
  ): void {
    const { restore } = this.options;
    const uid = restore.metadata.uid ?? '';
    const { name = '' } = original.metadata;
    dropHandOverSelector(claim);
    switch (plan.method) {
      case 'download':
      case 'lost':
        awaitHandOver(claim, { namespace: target, name }, uid);
        break;
      case 'files':
        dropSource(claim);
        break;
      case 'snapshot':
        provisionFromSnapshot(
          claim,
          restoredSnapshotName(uid, plan.volumeSnapshot),
        );
        break;
      default:
        if (restore.spec.restorePVs === false) {
          dropSource(claim);
        }
    }
  }

  /** Shapes a claim and makes what it is filled from. */
  async prepare(
    claim: KubernetesObject,
    plan: ClaimPlan,
    original: KubernetesObject,
    target: string,
  ): Promise<VolumeFinding | undefined> {
    this.shape(claim, plan, original, target);
    if (plan.method !== 'snapshot') {
      return undefined;
    }
    try {
      const restoreSize = await this.makeSnapshot(
        plan.volumeSnapshot,
        original.metadata.namespace ?? '',
        target,
      );
      if (restoreSize) {
        atLeast(claim, restoreSize);
      }
      return undefined;
    } catch (error) {
      return {
        error: `the data of claim ${original.metadata.name}: ${
          (error as Error).message
        }`,
      };
    }
  }

  /** Orders the data of a claim that was placed. */
  async claimPlaced(
    plan: ClaimPlan,
    original: KubernetesObject,
    target: string,
    placement: Placement,
  ): Promise<VolumeFinding | undefined> {
    const { name = '' } = original.metadata;
    const volume = this.note(plan, original, target);
    if (plan.method === 'empty') {
      return undefined;
    }
    if (plan.method === 'lost') {
      return {
        error: `the data of claim ${name} cannot be restored: ${plan.reason}; the claim waits, and nothing starts on an empty volume`,
      };
    }
    if (placement.error) {
      return undefined;
    }
    const { sink } = this.options;
    const isOurs =
      placement.action === 'created' ||
      (placement.resumed === true &&
        plan.method === 'download' &&
        (await sink.awaitsVolume({ namespace: target, name })));
    if (!isOurs) {
      volume.method = 'empty';
      volume.reason = 'it is there, and its data stays as it is';
      return {
        warning: `claim ${name} exists already: its data stays as it is and was not restored`,
      };
    }
    if (plan.method !== 'download') {
      return undefined;
    }
    const { settings, restore } = this.options;
    const download = dataDownloadFor(
      restore,
      settings!.backup,
      plan.data,
      { namespace: target, name },
      original.metadata.uid ?? '',
    );
    const problem = await sink.startOperation(download);
    if (problem) {
      return { error: `the data of claim ${name}: ${problem}` };
    }
    volume.operation = download.metadata.name;
    volume.operationId = downloadOperationId(
      restore.metadata.uid ?? '',
      original.metadata.uid ?? '',
    );
    return undefined;
  }

  /** Orders the files of a pod that was placed. */
  async podPlaced(
    original: KubernetesObject,
    target: string,
    placement: Placement,
    claimUid: (claim: string) => string | undefined,
  ): Promise<VolumeFinding[]> {
    const { restore, sink } = this.options;
    const { name = '', namespace = '' } = original.metadata;
    if (placement.action !== 'created') {
      return [];
    }
    const findings: VolumeFinding[] = this.unreachable(original);
    for (const data of this.ofPod(original)) {
      const order = podVolumeRestoreFor(
        restore,
        data,
        { namespace: target, name, uid: placement.uid ?? '' },
        data.claim && claimUid(data.claim),
      );
      const problem = await sink.startOperation(order);
      if (problem) {
        findings.push({
          error: `the files of volume ${data.volume} of pod ${name}: ${problem}`,
        });
      }
      const known = this.restored.find(
        volume => volume.namespace === target && volume.claim === data.claim,
      );
      const volume: RestoredVolume =
        data.claim && known
          ? known
          : {
              namespace: target,
              sourceNamespace: namespace,
              method: 'files',
              snapshotID: data.snapshotID,
              ...(data.size !== undefined && { size: data.size }),
            };
      volume.pod = name;
      volume.volume = data.volume;
      if (!problem) {
        volume.operation = order.metadata.name;
      }
      if (volume !== known) {
        this.restored.push(volume);
      }
    }
    return findings;
  }

  /** Volumes that only a pod has, in a cluster where files do not come through nodes. */
  private unreachable(original: KubernetesObject): VolumeFinding[] {
    const { settings, restore } = this.options;
    if (
      !settings ||
      settings.fileSystemRestore ||
      restore.spec.restorePVs === false
    ) {
      return [];
    }
    return settings.records
      .ofPod(original)
      .filter(data => !data.claim)
      .map(data => ({
        error: `volume ${data.volume} of pod ${original.metadata.name} stays empty: its files are in the backup, and writing them needs file-system backup to be enabled (fileSystemBackup.enabled)`,
      }));
  }

  /** Keeps what becomes of a claim, for results and previews. */
  note(
    plan: ClaimPlan,
    original: KubernetesObject,
    target: string,
  ): RestoredVolume {
    const { restore } = this.options;
    const volume: RestoredVolume = {
      claim: original.metadata.name,
      namespace: target,
      sourceNamespace: original.metadata.namespace ?? '',
      method: plan.method,
      ...('reason' in plan && plan.reason && { reason: plan.reason }),
      ...('data' in plan && {
        snapshotID: plan.data.snapshotID,
        ...(plan.data.size !== undefined && { size: plan.data.size }),
      }),
      ...(plan.method === 'snapshot' && {
        volumeSnapshot: restoredSnapshotName(
          restore.metadata.uid ?? '',
          plan.volumeSnapshot,
        ),
      }),
    };
    this.restored.push(volume);
    return volume;
  }

  private isFilledThroughPod(namespace: string, pod: string): boolean {
    const { settings, isRestored } = this.options;
    return (
      settings?.fileSystemRestore === true &&
      isRestored({ group: '', resource: 'pods', namespace, name: pod })
    );
  }

  /** @returns the size that a volume from the snapshot must have at least */
  private async makeSnapshot(
    name: string,
    namespace: string,
    target: string,
  ): Promise<string | undefined> {
    const { contents, restore, settings, sink, discovery } = this.options;
    const read = async (
      groupResource: string,
      object: string,
      inNamespace?: string,
    ) => {
      const item = contents.find({
        groupResource,
        name: object,
        ...(inNamespace && { namespace: inNamespace }),
      });
      if (!item) {
        throw new Error(`the backup does not hold ${groupResource} ${object}`);
      }
      return contents.read(item);
    };
    const snapshot = await read(snapshots, name, namespace);
    const contentName = stringAt(
      snapshot,
      'status',
      'boundVolumeSnapshotContentName',
    );
    if (!contentName) {
      throw new Error(`VolumeSnapshot ${name} was never bound to its content`);
    }
    const content = await read(snapshotContents, contentName);
    const driver = stringAt(content, 'spec', 'driver') ?? '';
    const pair = staticSnapshot(
      { snapshot, content },
      { namespace: target, restoreUid: restore.metadata.uid ?? '' },
      settings?.snapshotClassOf(driver),
    );
    for (const [type, object] of [
      [snapshotContents, pair.content],
      [snapshots, pair.snapshot],
    ] as const) {
      const placed = await sink.place(object, discovery().find(type)!, {
        existingResourcePolicy: 'none',
        shared: false,
        comparable: async live => live,
      });
      if (placed.error) {
        throw new Error(placed.error);
      }
    }
    return stringAt(snapshot, 'status', 'restoreSize');
  }

  private target(namespace: string): string {
    return this.options.restore.spec.namespaceMapping?.[namespace] ?? namespace;
  }
}
