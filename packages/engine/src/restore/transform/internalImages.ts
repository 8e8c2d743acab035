import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { JsonObject, objectsAt, valueAt } from '../../backup/jsonPath';
import type { RestoreItemAction } from './RestoreItemAction';

const registryAnnotation = 'openshift.io/backup-registry-hostname';
const defaultRegistry = 'image-registry.openshift-image-registry.svc:5000';

/** Pod specs in pods and in the templates of workloads. */
export function podSpecsOf(object: KubernetesObject): unknown[] {
  return [
    ['spec'],
    ['spec', 'template', 'spec'],
    ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ]
    .map(path => valueAt(object, ...path))
    .filter(spec => Array.isArray(valueAt(spec, 'containers')));
}

/** Containers of all kinds in a pod spec. */
export function containersOf(podSpec: unknown): JsonObject[] {
  return [
    ...objectsAt(podSpec, 'containers'),
    ...objectsAt(podSpec, 'initContainers'),
  ];
}

/**
 * An image of the internal registry as it is called in another namespace; others stay. Images in `openshift` lose their digest,
 * because another cluster has other builds of them.
 */
export function imageInNamespace(
  image: string,
  registry: string,
  mapping: { [namespace: string]: string },
): string {
  const prefix = `${registry}/`;
  if (!registry || !image.startsWith(prefix)) {
    return image;
  }
  const [namespace, ...rest] = image.slice(prefix.length).split('/');
  const path = rest.join('/');
  if (namespace === 'openshift') {
    return `${prefix}${namespace}/${path.replace(/@sha256:[0-9a-f]+$/, '')}`;
  }
  return mapping[namespace] ? `${prefix}${mapping[namespace]}/${path}` : image;
}

/**
 * Follows the namespace mapping in images of OpenShift's internal registry, so that a clone pulls its own images.
 *
 * Source: openshift-velero-plugin image swap rule.
 */
export const internalImages: RestoreItemAction = {
  name: 'lifeboat.dev/internal-images',
  appliesTo: {
    includedResources: [
      'pods',
      'deployments.apps',
      'statefulsets.apps',
      'daemonsets.apps',
      'replicasets.apps',
      'replicationcontrollers',
      'jobs.batch',
      'cronjobs.batch',
      'deploymentconfigs.apps.openshift.io',
    ],
  },
  execute(item, { restore }) {
    const mapping = restore.spec.namespaceMapping ?? {};
    const registry =
      item.metadata.annotations?.[registryAnnotation] || defaultRegistry;
    for (const container of podSpecsOf(item).flatMap(containersOf)) {
      if (typeof container.image === 'string') {
        container.image = imageInNamespace(container.image, registry, mapping);
      }
    }
    return { item };
  },
};
