/** How a volume is mounted into the mover's pod. @public */
export type VolumeMode = 'Filesystem' | 'Block';

/** What a mover is started for: the custom resource that it serves. @public */
export type MoverTask =
  | {
      readonly command: 'backup';
      readonly owner: MoverOwner<'DataUpload' | 'PodVolumeBackup'>;
      readonly volumePath: string;
      readonly volumeMode: VolumeMode;
    }
  | {
      readonly command: 'restore';
      readonly owner: MoverOwner<'DataDownload' | 'PodVolumeRestore'>;
      readonly volumePath: string;
      readonly volumeMode: VolumeMode;
    }
  | {
      readonly command: 'maintain';
      readonly owner: MoverOwner<'BackupRepository'>;
    };

/** @public */
export interface MoverOwner<Kind extends string = string> {
  readonly kind: Kind;
  readonly name: string;
}

/** Where a mover finds what is mounted into its pod, and how much of the machine it may use. @public */
export interface MoverSettings {
  /** The control namespace. */
  readonly namespace: string;
  /** File with the repository's password; blanks around it do not count. */
  readonly passwordFile: string;
  /** Credentials file of the AWS tools; absent where the location needs none. */
  readonly credentialsFile?: string;
  /** PEM certificates of the storage; absent unless the location names a Secret with them. */
  readonly certificateAuthorityFile?: string;
  readonly serviceAccountDirectory: string;
  readonly terminationLog: string;
  /** For temporary files. */
  readonly cacheDirectory: string;
  /** Files read or written at once. Settings of the custom resource win. */
  readonly parallelFiles?: number;
  /** MiB that the process is to stay below. */
  readonly memoryLimitMiB?: number;
  /** Fail before the upload when a file cannot be read: for movers that are not root. */
  readonly requireReadable?: boolean;
}

/** A mover's whole command line. @public */
export type MoverCommand = MoverTask & { readonly settings: MoverSettings };
