import type {
  CreateRestoreRequest,
  RestorePreview,
  RestorePreviewRequest,
} from '@lifeboat/backstage-plugin-backup-common';
import {
  namespaceNameFault,
  NamespaceNameFault,
} from '../../format/namespaceName';

/** What the user has chosen in the flow. */
export interface RestoreChoice {
  /** Name of the recovery point. */
  point?: string;
  way: 'copy' | 'in-place';
  /** Name of the new namespace; undefined until the suggested one is known or one is typed. */
  targetNamespace?: string;
  existing: 'none' | 'update';
  /** In place: a recovery point of the present state is made first. */
  safetyPoint: boolean;
  /** What was typed to confirm a restore in place. */
  confirmation: string;
}

/** Why a namespace cannot take a copy, as far as its name tells. */
export type TargetFault = NamespaceNameFault | 'same';

/** Checks the name of the new namespace before the server is asked. */
export function targetFault(
  choice: RestoreChoice,
  sourceNamespace: string | undefined,
): TargetFault | undefined {
  if (choice.way !== 'copy' || choice.targetNamespace === undefined) {
    return undefined;
  }
  if (sourceNamespace && choice.targetNamespace === sourceNamespace) {
    return 'same';
  }
  return namespaceNameFault(choice.targetNamespace);
}

/** What the server is asked to preview; undefined while the choice cannot be previewed. */
export function previewRequest(
  choice: RestoreChoice,
  sourceNamespace: string | undefined,
): RestorePreviewRequest | undefined {
  if (choice.way === 'in-place') {
    return { inPlace: true, existingResourcePolicy: choice.existing };
  }
  if (targetFault(choice, sourceNamespace)) {
    return undefined;
  }
  return choice.targetNamespace === undefined
    ? {}
    : { targetNamespace: choice.targetNamespace };
}

/** Whether a recovery point of the present state can be made before the restore: there must be a present state. */
export function changesRunningService(
  choice: RestoreChoice,
  preview: RestorePreview,
): boolean {
  return choice.way === 'in-place' && preview.namespaceState === 'existing';
}

/**
 * The restore that the choice amounts to.
 *
 * @param safetyPoint - name of the safety point, once it was made
 */
export function restoreRequest(
  choice: RestoreChoice,
  preview: RestorePreview,
  safetyPoint?: string,
): CreateRestoreRequest {
  return choice.way === 'in-place'
    ? {
        backup: preview.backup,
        inPlace: true,
        existingResourcePolicy: choice.existing,
        ...(safetyPoint && { safetyPoint }),
        ...(!choice.safetyPoint && { skipSafetyPoint: true }),
      }
    : { backup: preview.backup, targetNamespace: preview.targetNamespace };
}

/** How many objects a restore touches: those created, and those changed back. */
export function touchedObjects({ totals }: RestorePreview): number {
  return totals.create + totals.update;
}
