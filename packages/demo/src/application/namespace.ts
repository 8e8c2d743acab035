import { lifeboatAnnotations } from '@lifeboat/velero-api';
import { Manifest } from './Manifest';

/** Marks what the demo has made, so that it never touches what others made. */
export const DEMO_LABEL = { 'app.kubernetes.io/managed-by': 'lifeboat-demo' };

/** A namespace that agrees to be backed up for the given catalog entities. */
export function consentingNamespace(
  name: string,
  entities: string[],
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      annotations: { [lifeboatAnnotations.consent]: JSON.stringify(entities) },
    },
  };
}

/** A namespace that has not agreed to any backup. */
export function silentNamespace(name: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: DEMO_LABEL },
  };
}
