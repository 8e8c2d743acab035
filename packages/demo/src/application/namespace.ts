import { lifeboatAnnotations } from '@lifeboat/velero-api';
import { Manifest } from './Manifest';

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
