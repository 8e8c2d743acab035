import type { VeleroResource, VeleroV1 } from '../meta/ObjectMeta';
import type { SecretKeySelector } from '../meta/references';
import type { StorageLocationPhase } from '../phases';

/**
 * Where a storage provider keeps native snapshots.
 *
 * @public
 */
export interface VolumeSnapshotLocationSpec {
  provider: string;
  config?: Record<string, string>;
  credential?: SecretKeySelector;
}

/**
 * Declared by Velero, never written.
 *
 * @public
 */
export interface VolumeSnapshotLocationStatus {
  phase?: StorageLocationPhase;
}

/**
 * Where a storage provider keeps native snapshots.
 *
 * @public
 */
export type VolumeSnapshotLocation = VeleroResource<
  VeleroV1,
  'VolumeSnapshotLocation',
  VolumeSnapshotLocationSpec,
  VolumeSnapshotLocationStatus
>;
