import {
  addRestoreWait,
  type RestoreWaitSettings,
} from '../volumes/restoreWait';
import type { RestoreItemAction } from './RestoreItemAction';

/**
 * Lets a restored pod wait until the files of its volumes are there, and takes away what an earlier restore left for that.
 *
 * Source: Velero `velero.io/pod-volume-restore`.
 */
export function restoreWait(settings: RestoreWaitSettings): RestoreItemAction {
  return {
    name: 'velero.io/pod-volume-restore',
    appliesTo: { includedResources: ['pods'] },
    execute(item, { restore, podVolumes }) {
      addRestoreWait(
        item,
        podVolumes().map(({ volume }) => volume),
        restore.metadata.uid ?? '',
        settings,
      );
      return { item };
    },
  };
}
