import { veleroLabels } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import type { BackupFilters } from './BackupFilters';

/**
 * Why an object stays out of the backup, or undefined when it belongs in. Applied to listed objects and again to every
 * additional item.
 *
 * @param mustInclude - an action insists on the object: only objects being deleted stay out
 *
 * Source: Velero `pkg/backup/item_backupper.go`, inclusion checks.
 */
export function whyExcluded(
  object: KubernetesObject,
  groupResource: string,
  filters: BackupFilters,
  mustInclude = false,
): string | undefined {
  const { namespace, labels, deletionTimestamp } = object.metadata;
  if (!mustInclude) {
    if (labels?.[veleroLabels.excludeFromBackup] === 'true') {
      return `it has the label ${veleroLabels.excludeFromBackup}=true`;
    }
    if (namespace && !filters.namespaces.shouldInclude(namespace)) {
      return `namespace ${namespace} is excluded`;
    }
    if (
      !namespace &&
      groupResource !== 'namespaces' &&
      filters.types.shouldExclude(groupResource)
    ) {
      return `${groupResource} are excluded`;
    }
    if (namespace && !filters.types.shouldInclude(groupResource)) {
      return `${groupResource} are excluded`;
    }
  }
  return deletionTimestamp ? 'it is being deleted' : undefined;
}
