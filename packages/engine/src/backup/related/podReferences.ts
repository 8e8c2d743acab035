import type { ItemIdentifier } from '../ItemIdentifier';
import { JsonObject, objectsAt, stringAt, valueAt } from '../jsonPath';

/** A reference from one object to another. */
export interface Reference extends ItemIdentifier {
  /** The reference says itself that its target may be missing. */
  optional?: boolean;
}

/** ConfigMaps that each cluster writes into each namespace itself; pods mount them beside their token. */
export const clusterConfigMaps: ReadonlySet<string> = new Set([
  'kube-root-ca.crt',
  'openshift-service-ca.crt',
]);

/**
 * What a pod (or a pod template) needs to start: claims, ConfigMaps, Secrets, its ServiceAccount and PriorityClass.
 * Follows volumes (also projected, CSI and ephemeral ones), `env`, `envFrom` and image pull secrets of all kinds of containers.
 *
 * @param podName - name of the pod, for the claims of its ephemeral volumes; absent for a template
 */
export function podReferences(
  podSpec: JsonObject,
  namespace: string,
  podName?: string,
): Reference[] {
  const found: Reference[] = [];
  const add = (
    resource: string,
    name: string | undefined,
    optional?: unknown,
  ) => {
    if (name && !(resource === 'configmaps' && clusterConfigMaps.has(name))) {
      found.push({
        group: '',
        resource,
        namespace,
        name,
        ...(optional === true && { optional: true }),
      });
    }
  };
  for (const volume of objectsAt(podSpec, 'volumes')) {
    add(
      'persistentvolumeclaims',
      stringAt(volume, 'persistentVolumeClaim', 'claimName'),
    );
    if (podName && valueAt(volume, 'ephemeral')) {
      add('persistentvolumeclaims', `${podName}-${stringAt(volume, 'name')}`);
    }
    add(
      'configmaps',
      stringAt(volume, 'configMap', 'name'),
      valueAt(volume, 'configMap', 'optional'),
    );
    add(
      'secrets',
      stringAt(volume, 'secret', 'secretName'),
      valueAt(volume, 'secret', 'optional'),
    );
    add('secrets', stringAt(volume, 'csi', 'nodePublishSecretRef', 'name'));
    for (const source of objectsAt(volume, 'projected', 'sources')) {
      add(
        'configmaps',
        stringAt(source, 'configMap', 'name'),
        valueAt(source, 'configMap', 'optional'),
      );
      add(
        'secrets',
        stringAt(source, 'secret', 'name'),
        valueAt(source, 'secret', 'optional'),
      );
    }
    // In-tree drivers name their Secret in different members, always called secretRef.
    for (const source of Object.values(volume)) {
      add('secrets', stringAt(source, 'secretRef', 'name'));
    }
  }
  const containers = [
    ...objectsAt(podSpec, 'initContainers'),
    ...objectsAt(podSpec, 'containers'),
    ...objectsAt(podSpec, 'ephemeralContainers'),
  ];
  for (const container of containers) {
    for (const source of objectsAt(container, 'envFrom')) {
      add(
        'configmaps',
        stringAt(source, 'configMapRef', 'name'),
        valueAt(source, 'configMapRef', 'optional'),
      );
      add(
        'secrets',
        stringAt(source, 'secretRef', 'name'),
        valueAt(source, 'secretRef', 'optional'),
      );
    }
    for (const variable of objectsAt(container, 'env')) {
      const from = valueAt(variable, 'valueFrom');
      add(
        'configmaps',
        stringAt(from, 'configMapKeyRef', 'name'),
        valueAt(from, 'configMapKeyRef', 'optional'),
      );
      add(
        'secrets',
        stringAt(from, 'secretKeyRef', 'name'),
        valueAt(from, 'secretKeyRef', 'optional'),
      );
    }
  }
  for (const secret of objectsAt(podSpec, 'imagePullSecrets')) {
    // A pod starts without its pull secret when the image is public.
    add('secrets', stringAt(secret, 'name'), true);
  }
  add('serviceaccounts', stringAt(podSpec, 'serviceAccountName') ?? 'default');
  const priorityClass = stringAt(podSpec, 'priorityClassName');
  if (priorityClass) {
    found.push({
      group: 'scheduling.k8s.io',
      resource: 'priorityclasses',
      name: priorityClass,
    });
  }
  return found;
}
