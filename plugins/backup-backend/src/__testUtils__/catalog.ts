import type { Entity } from '@backstage/catalog-model';

/** A component with an owner and annotations, as the catalog answers it. */
export function component(
  name: string,
  owner: string,
  annotations: Record<string, string>,
  partOf?: string,
): Entity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: { name, namespace: 'default', annotations },
    spec: { type: 'service', lifecycle: 'production', owner },
    relations: [
      { type: 'ownedBy', targetRef: `group:default/${owner}` },
      ...(partOf
        ? [{ type: 'partOf', targetRef: `system:default/${partOf}` }]
        : []),
    ],
  };
}

/** A system with an owner. */
export function system(name: string, owner: string): Entity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'System',
    metadata: { name, namespace: 'default' },
    spec: { owner },
    relations: [{ type: 'ownedBy', targetRef: `group:default/${owner}` }],
  };
}
