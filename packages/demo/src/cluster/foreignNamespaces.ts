import { lifeboatAnnotations } from '@lifeboat/velero-api';
import { Manifest } from '../application/Manifest';
import { DEMO_LABEL } from '../application/namespace';
import { ClusterApi } from './ClusterApi';
import { APPLICATION_NAMESPACE, CONTROL_NAMESPACE } from './installApplication';

const demoNamespaces = [
  APPLICATION_NAMESPACE,
  'reports',
  'payments',
  'newsletter',
];
const [[demoLabel, demoValue]] = Object.entries(DEMO_LABEL);

function isDemosOwn({ metadata }: Manifest): boolean {
  return (
    metadata.labels?.[demoLabel] === demoValue ||
    Boolean(
      metadata.annotations?.[lifeboatAnnotations.consent]?.includes(
        'component:default/',
      ),
    )
  );
}

/** The demo's namespaces that a real cluster has already, made by somebody else: the demo must not touch them. */
export async function foreignNamespaces(
  cluster: ClusterApi,
): Promise<string[]> {
  const found = await Promise.all(
    demoNamespaces.map(name =>
      cluster.find('v1', 'namespaces', undefined, name),
    ),
  );
  return found.flatMap(namespace =>
    namespace && !isDemosOwn(namespace) ? [namespace.metadata.name] : [],
  );
}

/**
 * Storage location and credentials of somebody else under the names that the demo uses: it must not write backups
 * there, nor change them.
 */
export async function foreignStorage(cluster: ClusterApi): Promise<string[]> {
  const found = await Promise.all([
    cluster.find(
      'velero.io/v1',
      'backupstoragelocations',
      CONTROL_NAMESPACE,
      'default',
    ),
    cluster.find('v1', 'secrets', CONTROL_NAMESPACE, 'cloud-credentials'),
  ]);
  return found.flatMap(object =>
    object && object.metadata.labels?.[demoLabel] !== demoValue
      ? [`${object.kind} ${object.metadata.name}`]
      : [],
  );
}

/** Deletes the namespaces that the demo has made. */
export async function removeNamespaces(
  cluster: ClusterApi,
  copies: string[],
): Promise<void> {
  for (const name of [...demoNamespaces, ...copies]) {
    await cluster
      .request('DELETE', `/api/v1/namespaces/${name}`)
      .catch(() => undefined);
  }
}
