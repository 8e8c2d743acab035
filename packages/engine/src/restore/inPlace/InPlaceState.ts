import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';
import { isJsonObject } from '../../backup/jsonPath';

/** A workload that was stopped, and how it was before. */
export interface StoppedWorkload {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  /** `spec.replicas` before, for workloads that are scaled. */
  replicas?: number;
  /** Stopped by `spec.suspend`; it was running before. */
  suspended?: boolean;
}

/** A claim whose content is restored in place. */
export interface InPlaceClaim {
  name: string;
  uid: string;
  /** The claim as it shall be made again, without what binds it to a volume. */
  metadata: {
    labels?: { [key: string]: string };
    annotations?: { [key: string]: string };
  };
  spec: { [field: string]: unknown };
  /** The claim in the control namespace into which the content is written first. */
  staging: string;
  /** DataDownload that writes it. */
  download: string;
  oldVolume: string;
  oldPolicy: string;
  /** Once the content is written. */
  newVolume?: string;
  newPolicy?: string;
  stagingUid?: string;
}

/**
 * What an in-place restore is about to do or has done, on the Restore before it is done: whoever finds it after a crash can
 * bring workloads and claims back.
 */
export interface InPlaceState {
  /**
   * `staging`: content is being written beside the application, which runs untouched. `swapping`: workloads are being stopped
   * and volumes exchanged. `done`: the claims have their new volumes. `undoing`: somebody asked for the old volumes, and the
   * claims are getting them. `undone`: the claims have their old volumes.
   */
  stage: 'staging' | 'swapping' | 'done' | 'undoing' | 'undone';
  namespace: string;
  claims: InPlaceClaim[];
  workloads: StoppedWorkload[];
  /** Until when the volumes that the claims do not have are kept, RFC 3339; absent while there are none. */
  undoUntil?: string;
  /** For how long volumes that were exchanged are kept. */
  undoSeconds?: number;
}

/** The state that a Restore carries; undefined when it has none or it cannot be understood. */
export function readInPlaceState(restore: Restore): InPlaceState | undefined {
  const text = restore.metadata.annotations?.[lifeboatAnnotations.inPlaceState];
  if (!text) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) &&
      typeof value.stage === 'string' &&
      typeof value.namespace === 'string' &&
      Array.isArray(value.claims) &&
      Array.isArray(value.workloads)
      ? (value as unknown as InPlaceState)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A Restore with a state on it. */
export function withInPlaceState(
  restore: Restore,
  state: InPlaceState,
): Restore {
  return {
    ...restore,
    metadata: {
      ...restore.metadata,
      annotations: {
        ...restore.metadata.annotations,
        [lifeboatAnnotations.inPlaceState]: JSON.stringify(state),
      },
    },
  };
}

/** Whether a Restore asks for the content of claims that are there. */
export function wantsExistingClaims(restore: Restore): boolean {
  return (
    restore.metadata.annotations?.[lifeboatAnnotations.restoreData] ===
    'existing-claims'
  );
}
