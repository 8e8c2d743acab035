import type { ResourceTypeRef } from '@lifeboat/engine';

/** Deployments and the like, for clients that are told the type. */
export const appsTypes = {
  deployments: apps('deployments'),
  replicaSets: apps('replicasets'),
  statefulSets: apps('statefulsets'),
} as const;

function apps(resource: string): ResourceTypeRef {
  return { group: 'apps', version: 'v1', resource, namespaced: true };
}
