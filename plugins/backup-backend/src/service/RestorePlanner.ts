import type { PlannedVolume } from '@lifeboat/backstage-plugin-backup-common';
import type { Backup, RestoreSpec } from '@lifeboat/velero-api';
import type { EntityCall } from './EntityCall';

/** What a restore would do with one object. */
export interface PlannedObject {
  apiVersion: string;
  kind: string;
  name: string;
  /** `update`: it is there and would be changed; `exists`: it is there and left alone. */
  action: 'create' | 'update' | 'exists' | 'skip';
  /** Why it is skipped. */
  reason?: string;
}

/** What a restore would do. */
export interface RestorePlan {
  /** Why the engine would refuse it; empty when it may start. */
  problems: string[];
  objects: PlannedObject[];
  /** What would become of the data of each volume; empty where the planner does not know. */
  volumes: PlannedVolume[];
  /** Claims that would come back without their data. */
  volumesWithoutData: number;
  notes: string[];
}

/** Finds out what a restore would do, without doing any of it. */
export interface RestorePlanner {
  plan(
    call: EntityCall,
    backup: Backup,
    spec: RestoreSpec,
    options: { existingClaims: boolean },
  ): Promise<RestorePlan>;
}
