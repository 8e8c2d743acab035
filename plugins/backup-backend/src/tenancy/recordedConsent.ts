import { type Backup, type BackupScope, readScope } from '@lifeboat/velero-api';
import type { Viewer } from './visibleScope';

/**
 * The newest consent that backups of an absent namespace record for the viewer.
 * When a namespace was deleted, this consent decides who may bring it back.
 */
export function recordedConsent(
  backups: Backup[],
  place: { cluster: string; namespace: string },
  viewer: Viewer,
): BackupScope['consent'] | undefined {
  return backups
    .map(backup => ({
      scope: readScope(backup),
      made: backup.metadata.creationTimestamp ?? '',
    }))
    .filter(
      ({ scope }) =>
        scope !== undefined &&
        scope.entityRef.toLocaleLowerCase('en-US') === viewer.entityRef &&
        scope.cluster === place.cluster &&
        scope.namespace === place.namespace &&
        scope.consent.entities.some(ref =>
          viewer.consentRefs.includes(ref.toLocaleLowerCase('en-US')),
        ),
    )
    .sort((a, b) => (a.made < b.made ? 1 : -1))[0]?.scope?.consent;
}
