/**
 * Keys of the files of one backup.
 *
 * @public
 */
export interface BackupKeys {
  /** Ends with `/`; everything of the backup lies below it. */
  directory: string;
  /** The Backup as plain JSON. It is what makes the directory a backup. */
  metadata: string;
  /** The tarball. */
  contents: string;
  logs: string;
  podVolumeBackups: string;
  volumeSnapshots: string;
  itemOperations: string;
  resourceList: string;
  results: string;
  volumeInfo: string;
  /** Only in old backups. */
  csiVolumeSnapshots: string;
  /** Only in old backups. */
  csiVolumeSnapshotContents: string;
  /** Only in old backups. */
  csiVolumeSnapshotClasses: string;
  /** Lifeboat's own record of the backup. Velero takes no notice of it and deletes it with the backup. */
  lifeboatRecord: string;
}

/**
 * Keys of the files of one restore.
 *
 * @public
 */
export interface RestoreKeys {
  /** Ends with `/`; everything of the restore lies below it. */
  directory: string;
  logs: string;
  results: string;
  resourceList: string;
  itemOperations: string;
  /** Without `restore-` before the name, unlike its siblings. */
  volumeInfo: string;
}

/**
 * Keys below one prefix of a bucket.
 *
 * @public
 */
export interface StorageKeys {
  /** Empty, or ends with `/`. */
  prefix: string;
  backupsDirectory: string;
  restoresDirectory: string;
  metadataDirectory: string;
  kopiaDirectory: string;
  /** The only directories that may lie directly below the prefix, with a `/` at their end. */
  topLevelDirectories: string[];
  backup(name: string): BackupKeys;
  restore(name: string): RestoreKeys;
  /** A key of Lifeboat below `metadata/lifeboat/`, a directory that Velero leaves alone. */
  lifeboatMetadata(path: string): string;
  /** Prefix of the kopia repository of a namespace. */
  kopiaRepository(volumeNamespace: string): string;
}

const directories = [
  'backups',
  'restores',
  'restic',
  'metadata',
  'plugins',
  'kopia',
];

/**
 * Where everything lies in object storage. Velero: `ObjectStoreLayout`.
 *
 * @param prefix - `objectStorage.prefix` of a BackupStorageLocation. Slashes around it are not needed; a `/` is put behind it.
 *
 * @public
 */
export function storageKeys(prefix: string | undefined): StorageKeys {
  const root = !prefix || prefix.endsWith('/') ? prefix ?? '' : `${prefix}/`;
  return {
    prefix: root,
    backupsDirectory: `${root}backups/`,
    restoresDirectory: `${root}restores/`,
    metadataDirectory: `${root}metadata/`,
    kopiaDirectory: `${root}kopia/`,
    topLevelDirectories: directories.map(name => `${root}${name}/`),
    backup: name => {
      const directory = `${root}backups/${name}/`;
      const file = (suffix: string) => `${directory}${name}${suffix}`;
      return {
        directory,
        metadata: `${directory}velero-backup.json`,
        contents: file('.tar.gz'),
        logs: file('-logs.gz'),
        podVolumeBackups: file('-podvolumebackups.json.gz'),
        volumeSnapshots: file('-volumesnapshots.json.gz'),
        itemOperations: file('-itemoperations.json.gz'),
        resourceList: file('-resource-list.json.gz'),
        results: file('-results.gz'),
        volumeInfo: file('-volumeinfo.json.gz'),
        csiVolumeSnapshots: file('-csi-volumesnapshots.json.gz'),
        csiVolumeSnapshotContents: file('-csi-volumesnapshotcontents.json.gz'),
        csiVolumeSnapshotClasses: file('-csi-volumesnapshotclasses.json.gz'),
        lifeboatRecord: file('-lifeboat-record.json.gz'),
      };
    },
    restore: name => {
      const directory = `${root}restores/${name}/`;
      const file = (suffix: string) => `${directory}restore-${name}${suffix}`;
      return {
        directory,
        logs: file('-logs.gz'),
        results: file('-results.gz'),
        resourceList: file('-resource-list.json.gz'),
        itemOperations: file('-itemoperations.json.gz'),
        volumeInfo: `${directory}${name}-volumeinfo.json.gz`,
      };
    },
    lifeboatMetadata: path => `${root}metadata/lifeboat/${path}`,
    kopiaRepository: volumeNamespace => `${root}kopia/${volumeNamespace}/`,
  };
}

/**
 * The directories directly below a prefix that must not be there, in the order given. Velero makes a location with any of
 * them Unavailable.
 *
 * @param names - What a listing of the prefix returned: full keys that end with `/`.
 *
 * @public
 */
export function invalidTopLevelDirectories(
  prefix: string | undefined,
  names: string[],
): string[] {
  const { topLevelDirectories } = storageKeys(prefix);
  return names.filter(name => !topLevelDirectories.includes(name));
}
