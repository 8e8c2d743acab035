import type { BackupSpec } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ResourcePolicies } from '../policies/ResourcePolicies';
import type { PodFacts, PodVolumeFacts } from './PodFacts';

/** How the data of a volume is taken. */
export type VolumeMethod =
  | 'csi-data-movement'
  | 'csi-snapshot'
  | 'fs-backup'
  | 'skip';

/** What happens to the data of one volume, and why. */
export interface VolumeDecision {
  method: VolumeMethod;
  /** For people, in volume info and log. */
  reason: string;
  /** Of a skip: whether somebody wanted it so (`info`), should know (`warning`), or asked for the data (`error`). */
  severity: 'info' | 'warning' | 'error';
  /** Whether the claim's PersistentVolume is taken along. Only a policy's `skip` leaves it out. */
  withVolume: boolean;
  snapshot?: {
    driver: string;
    snapshotClass: string;
    storageClass: string;
  };
  /** The pod through which the files are read. */
  copy?: { pod: PodFacts; volume: PodVolumeFacts };
}

/** What decisions about all volumes of a backup have in common. */
export interface DecisionContext {
  spec: Pick<
    BackupSpec,
    'snapshotVolumes' | 'snapshotMoveData' | 'defaultVolumesToFsBackup'
  >;
  /** The Backup's own annotations may name snapshot classes. */
  backup?: { metadata: { annotations?: { [key: string]: string } } };
  /** A backup of the portal: data is taken the way that works, or the volume is an error. */
  isComponent: boolean;
  policies?: ResourcePolicies;
  /** Of the cluster. `problem` says why snapshots cannot be made. */
  snapshots: { problem?: string; classes: KubernetesObject[] };
  fileSystemBackup: {
    enabled: boolean;
    /** The type of claims is excluded from the backup: their files are not copied either. */
    claimsExcluded: boolean;
  };
}

/** A claim and what belongs to it. */
export interface ClaimFacts {
  claim: KubernetesObject;
  /** Undefined when there is none, or it may not be read. */
  volume?: KubernetesObject;
  /** `unknown` when StorageClasses may not be read. */
  storageClass: KubernetesObject | 'missing' | 'unknown';
  /** Pods that mount it, running ones or not. */
  pods: PodFacts[];
}
