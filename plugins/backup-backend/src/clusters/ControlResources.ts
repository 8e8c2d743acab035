import {
  type ClusterClient,
  type Lease,
  coreTypes,
  engineLease,
  veleroTypes,
} from '@lifeboat/engine';
import type {
  Backup,
  BackupStorageLocation,
  DataDownload,
  DataUpload,
  DeleteBackupRequest,
  PodVolumeBackup,
  PodVolumeRestore,
  Restore,
  Schedule,
} from '@lifeboat/velero-api';
import { KindOfResource } from './KindOfResource';

/**
 * The control resources of one cluster: all of one kind at a time, shared by
 * the requests of the same moment. Who may see which is decided elsewhere.
 */
export class ControlResources {
  readonly backups: KindOfResource<Backup>;
  readonly restores: KindOfResource<Restore>;
  readonly schedules: KindOfResource<Schedule>;
  readonly deletions: KindOfResource<DeleteBackupRequest>;
  readonly locations: KindOfResource<BackupStorageLocation>;
  readonly dataUploads: KindOfResource<DataUpload>;
  readonly dataDownloads: KindOfResource<DataDownload>;
  readonly podVolumeBackups: KindOfResource<PodVolumeBackup>;
  readonly podVolumeRestores: KindOfResource<PodVolumeRestore>;

  constructor(
    private readonly client: ClusterClient,
    readonly namespace: string,
  ) {
    this.backups = new KindOfResource(client, namespace, veleroTypes.backups);
    this.restores = new KindOfResource(client, namespace, veleroTypes.restores);
    this.schedules = new KindOfResource(
      client,
      namespace,
      veleroTypes.schedules,
    );
    this.deletions = new KindOfResource(
      client,
      namespace,
      veleroTypes.deleteBackupRequests,
    );
    this.locations = new KindOfResource(
      client,
      namespace,
      veleroTypes.backupStorageLocations,
    );
    this.dataUploads = new KindOfResource(
      client,
      namespace,
      veleroTypes.dataUploads,
    );
    this.dataDownloads = new KindOfResource(
      client,
      namespace,
      veleroTypes.dataDownloads,
    );
    this.podVolumeBackups = new KindOfResource(
      client,
      namespace,
      veleroTypes.podVolumeBackups,
    );
    this.podVolumeRestores = new KindOfResource(
      client,
      namespace,
      veleroTypes.podVolumeRestores,
    );
  }

  /** The Lease that the engine holds; undefined when no engine ever ran. */
  async engineLease(): Promise<Lease | undefined> {
    return this.client.get<Lease>(coreTypes.leases, {
      namespace: this.namespace,
      name: engineLease,
    });
  }
}
