import type { KubernetesObject } from '../../cluster/KubernetesObject';
import {
  isJsonObject,
  JsonObject,
  objectsAt,
  stringAt,
  valueAt,
} from '../jsonPath';
import { podReferences, Reference } from './podReferences';

/** The pod spec in a pod or in the template of a workload, with the labels that its pods have. */
export function podTemplateOf(
  object: KubernetesObject,
): { spec: JsonObject; labels: { [key: string]: string } } | undefined {
  const places: [unknown, unknown][] =
    object.kind === 'Pod'
      ? [[object.spec, object.metadata.labels]]
      : [
          ['spec', 'template'],
          ['spec', 'jobTemplate', 'spec', 'template'],
        ].map(path => {
          const template = valueAt(object, ...path);
          return [
            valueAt(template, 'spec'),
            valueAt(template, 'metadata', 'labels'),
          ];
        });
  for (const [spec, labels] of places) {
    // Custom resources may have a `spec.template` of another meaning; a pod spec has containers.
    if (isJsonObject(spec) && Array.isArray(spec.containers)) {
      return {
        spec,
        labels: isJsonObject(labels) ? (labels as { [k: string]: string }) : {},
      };
    }
  }
  return undefined;
}

function serviceAccountReferences(object: KubernetesObject): Reference[] {
  const { namespace, name: account } = object.metadata;
  return [
    ...objectsAt(object, 'secrets'),
    ...objectsAt(object, 'imagePullSecrets'),
  ].flatMap(ref => {
    const name = stringAt(ref, 'name');
    // Tokens and pull secrets that the cluster makes for each account are made again elsewhere.
    const generated =
      name?.startsWith(`${account}-token-`) ||
      name?.startsWith(`${account}-dockercfg-`);
    return name && !generated
      ? [{ group: '', resource: 'secrets', namespace, name, optional: true }]
      : [];
  });
}

function bindingReferences(object: KubernetesObject): Reference[] {
  const { namespace } = object.metadata;
  const rbac = 'rbac.authorization.k8s.io';
  const role = stringAt(object, 'roleRef', 'name');
  return role && valueAt(object, 'roleRef', 'kind') === 'Role'
    ? [{ group: rbac, resource: 'roles', namespace, name: role }]
    : [];
}

function ingressReferences(object: KubernetesObject): Reference[] {
  const { namespace } = object.metadata;
  const secrets = objectsAt(object, 'spec', 'tls').flatMap(tls => {
    const name = stringAt(tls, 'secretName');
    return name
      ? [{ group: '', resource: 'secrets', namespace, name, optional: true }]
      : [];
  });
  return [
    ...secrets,
    ...ingressServices(object).map(name => ({
      group: '',
      resource: 'services',
      namespace,
      name,
    })),
  ];
}

/** Names of the Services that an Ingress sends requests to. */
export function ingressServices(object: KubernetesObject): string[] {
  const backends = [
    valueAt(object, 'spec', 'defaultBackend'),
    ...objectsAt(object, 'spec', 'rules').flatMap(rule =>
      objectsAt(rule, 'http', 'paths').map(path => path.backend),
    ),
  ];
  return backends.flatMap(
    backend => stringAt(backend, 'service', 'name') ?? [],
  );
}

/** Names of the Services that an OpenShift Route sends requests to. */
export function routeServices(object: KubernetesObject): string[] {
  return [
    valueAt(object, 'spec', 'to'),
    ...objectsAt(object, 'spec', 'alternateBackends'),
  ].flatMap(target =>
    (stringAt(target, 'kind') ?? 'Service') === 'Service'
      ? stringAt(target, 'name') ?? []
      : [],
  );
}

function routeReferences(object: KubernetesObject): Reference[] {
  const { namespace } = object.metadata;
  const certificate = stringAt(
    object,
    'spec',
    'tls',
    'externalCertificate',
    'name',
  );
  return [
    ...routeServices(object).map(name => ({
      group: '',
      resource: 'services',
      namespace,
      name,
    })),
    ...(certificate
      ? [{ group: '', resource: 'secrets', namespace, name: certificate }]
      : []),
  ];
}

/**
 * Objects that this object names in its own fields and needs: what a pod mounts, the volume of a claim, the Role of a
 * binding, the Services and certificates of an Ingress or Route.
 */
export function referencesOf(
  object: KubernetesObject,
  groupResource: string,
): Reference[] {
  const { namespace, name } = object.metadata;
  const template = podTemplateOf(object);
  if (template && namespace) {
    return podReferences(
      template.spec,
      namespace,
      object.kind === 'Pod' ? name : undefined,
    );
  }
  switch (groupResource) {
    case 'persistentvolumeclaims': {
      const volume = stringAt(object, 'spec', 'volumeName');
      return volume
        ? [{ group: '', resource: 'persistentvolumes', name: volume }]
        : [];
    }
    case 'serviceaccounts':
      return serviceAccountReferences(object);
    case 'rolebindings.rbac.authorization.k8s.io':
      return bindingReferences(object);
    case 'ingresses.networking.k8s.io':
      return ingressReferences(object);
    case 'routes.route.openshift.io':
      return routeReferences(object);
    default:
      return [];
  }
}
