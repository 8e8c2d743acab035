import { lifeboatAnnotations } from '@lifeboat/velero-api';
import { ClusterApi } from './ClusterApi';
import { APPLICATION_NAMESPACE } from './installApplication';

const demoNamespaces = [APPLICATION_NAMESPACE, 'reports', 'payments'];

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
    namespace &&
    !namespace.metadata.annotations?.[lifeboatAnnotations.consent]?.includes(
      'component:default/',
    )
      ? [namespace.metadata.name]
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
