import { Backup, validLabelValue, veleroLabels } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { objectAt, removeAt, stringAt } from '../jsonPath';
import type { BackupItemAction } from './BackupItemAction';

/** Removes labels that an earlier backup or restore left on a claim, and Velero's labels from its selector. */
export function removeStaleLabels(
  claim: KubernetesObject,
  backup: Backup,
): void {
  const wanted = objectAt(claim, 'spec', 'selector', 'matchLabels');
  for (const key of Object.keys(wanted)) {
    if (key.startsWith('velero.io/')) {
      delete wanted[key];
    }
  }
  const { labels } = claim.metadata;
  if (!labels) {
    return;
  }
  delete labels[veleroLabels.restoreName];
  delete labels[veleroLabels.volumeSnapshotName];
  const owner = labels[veleroLabels.backupName];
  if (
    owner !== undefined &&
    owner !== validLabelValue(backup.metadata.name ?? '')
  ) {
    delete labels[veleroLabels.backupName];
  }
}

/**
 * Prepares a bound claim for being bound again elsewhere, and takes its volume along.
 *
 * Source: Velero `velero.io/pv` backup item action.
 */
export const claimAction: BackupItemAction = {
  name: 'velero.io/pv',
  appliesTo: { includedResources: ['persistentvolumeclaims'] },
  execute(claim, { backup }) {
    const volume = stringAt(claim, 'spec', 'volumeName');
    const phase = stringAt(claim, 'status', 'phase');
    if (phase !== 'Bound' || !volume) {
      return { item: claim };
    }
    const spec = objectAt(claim, 'spec');
    // A claim without a class finds a prepared volume by its selector, so there it must stay.
    if (spec.storageClassName !== '') {
      removeAt(claim, 'spec', 'selector');
    }
    removeAt(claim, 'spec', 'dataSource');
    removeAt(claim, 'spec', 'dataSourceRef');
    removeStaleLabels(claim, backup);
    return {
      item: claim,
      additionalItems: [
        { group: '', resource: 'persistentvolumes', name: volume },
      ],
    };
  },
};
