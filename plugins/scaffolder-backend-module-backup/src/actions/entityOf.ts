import { InputError } from '@backstage/errors';
import type { EntityOnCluster } from '@lifeboat/backstage-plugin-backup-common';

const form =
  /^(?:(?<kind>[A-Za-z][A-Za-z0-9]*):)?(?:(?<namespace>[A-Za-z0-9][\w.-]*)\/)?(?<name>[A-Za-z0-9][\w.-]*)$/;

/**
 * The entity that an input names: `component:default/orders`, or short forms of
 * it; kind `component` and namespace `default` are assumed.
 *
 * @throws InputError for a text that is no entity ref
 */
export function entityOf(
  entityRef: string,
  cluster: string | undefined,
): EntityOnCluster {
  const groups = form.exec(entityRef.trim())?.groups;
  if (!groups) {
    throw new InputError(
      `entityRef "${entityRef}" is not an entity ref such as component:default/orders`,
    );
  }
  return {
    kind: groups.kind ?? 'component',
    namespace: groups.namespace ?? 'default',
    name: groups.name,
    ...(cluster && { cluster }),
  };
}
