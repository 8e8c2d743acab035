import { isJsonObject, objectsAt } from '../../backup/jsonPath';
import { restoreWaitName } from '../volumes/restoreWait';
import type { RestoreItemAction } from './RestoreItemAction';

/**
 * Adds the init containers of restore hooks, behind the one that waits for files.
 *
 * Source: Velero `velero.io/init-restore-hook`.
 */
export const initRestoreHook: RestoreItemAction = {
  name: 'velero.io/init-restore-hook',
  appliesTo: { includedResources: ['pods'] },
  execute(item, { initContainers }) {
    const { spec } = item;
    if (initContainers.length === 0 || !isJsonObject(spec)) {
      return { item };
    }
    const present = objectsAt(spec, 'initContainers');
    const waits = present[0]?.name === restoreWaitName ? 1 : 0;
    spec.initContainers = [
      ...present.slice(0, waits),
      ...initContainers,
      ...present.slice(waits),
    ];
    return { item };
  },
};
