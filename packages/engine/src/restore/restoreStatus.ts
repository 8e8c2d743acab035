import {
  IncludesExcludes,
  RestoreStatusSpec,
  veleroAnnotations,
} from '@lifeboat/velero-api';
import type { KubernetesObject } from '../cluster/KubernetesObject';

/**
 * Whether an object gets its status back: its annotation says so, or else the Restore's `restoreStatus`.
 *
 * @param resolve - `deployments.apps` for any name of a served type
 *
 * Source: Velero, status restore.
 */
export function wantsStatus(
  object: KubernetesObject,
  groupResource: string,
  spec: RestoreStatusSpec | undefined,
  resolve: (name: string) => string = name => name,
): boolean {
  const wish = object.metadata.annotations?.[veleroAnnotations.restoreStatus];
  if (wish !== undefined) {
    if (/^(1|t|true)$/i.test(wish)) {
      return true;
    }
    if (/^(0|f|false)$/i.test(wish)) {
      return false;
    }
  }
  if (!spec) {
    return false;
  }
  const names = (list: string[] | undefined) =>
    (list ?? []).map(name => (name === '*' ? name : resolve(name)));
  return new IncludesExcludes(
    names(spec.includedResources),
    names(spec.excludedResources),
  ).shouldInclude(groupResource);
}
