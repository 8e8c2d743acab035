import type { ScopedResourceLists } from '@lifeboat/velero-api';

/** What a policy does with the volumes it matches. `custom` is for programs beside the engine, which leaves such volumes alone. */
export type VolumeActionType = 'skip' | 'snapshot' | 'fs-backup' | 'custom';

/** @see VolumeActionType */
export interface VolumeAction {
  type: VolumeActionType;
  parameters?: { [name: string]: unknown };
}

/** Which volumes a policy is for: all conditions that are there must hold. */
export interface VolumeConditions {
  /** Inclusive bounds in billionths of a byte; 0 is no bound. */
  capacity: { lower: bigint; upper: bigint };
  storageClass?: string[];
  nfs?: { server?: string; path?: string };
  csi?: { driver?: string; volumeAttributes?: { [key: string]: string } };
  /** Names of volume sources, `csi` or `emptyDir`. */
  volumeTypes?: string[];
  pvcLabels?: { [key: string]: string };
  pvcPhase?: string[];
}

/** One entry of `volumePolicies`. */
export interface VolumePolicy {
  conditions: VolumeConditions;
  action: VolumeAction;
}

/**
 * A checked resource policy document.
 *
 * Source: Velero `internal/resourcepolicies`.
 */
export interface ResourcePolicies {
  volumePolicies: VolumePolicy[];
  includeExcludePolicy?: ScopedResourceLists;
}

/** The facts of a volume that conditions look at. */
export interface PolicyVolume {
  /** Capacity in billionths of a byte; 0 when unknown. */
  capacity: bigint;
  storageClass: string;
  nfs?: { server?: string; path?: string };
  csi?: { driver?: string; volumeAttributes?: { [key: string]: string } };
  volumeType: string;
  pvcLabels?: { [key: string]: string };
  pvcPhase: string;
}
