import {
  kubernetesDefinitions,
  schemaNameOfKind,
} from '../kubernetes/definitions';
import { ResourceType, Subresource } from './ResourceType';

/** Served by the real server, but nothing here could carry them out. */
const left = new Set([
  '/v1/componentstatuses',
  '/v1/bindings',
  '/v1/pods/attach',
  '/v1/pods/ephemeralcontainers',
  '/v1/pods/portforward',
  '/v1/pods/resize',
  '/v1/nodes/proxy',
  'networking.k8s.io/v1/ipaddresses',
  'networking.k8s.io/v1/servicecidrs',
  'networking.k8s.io/v1/servicecidrs/status',
]);

/** Versions and kinds that show the same stored objects. */
const sharedCollections: { [id: string]: string } = {
  'events.k8s.io/events': 'events',
};

/** Admission is not run here, so its configuration can be listed but not made. */
const readOnlyGroups = ['admissionregistration.k8s.io'];
const readVerbs = ['get', 'list', 'watch'];

/** The built-in resources, from Kubernetes' discovery documents. */
export function builtInTypes(): ResourceType[] {
  const types = new Map<string, ResourceType>();
  for (const resource of kubernetesDefinitions.resources) {
    const path = `${resource.group}/${resource.version}`;
    if (left.has(`${path}/${resource.name}`)) continue;
    const [plural, sub] = resource.name.split('/');
    if (!sub) {
      const { group, version, kind } = resource;
      const id = group ? `${plural}.${group}` : plural;
      const readOnly = readOnlyGroups.includes(group);
      types.set(`${path}/${plural}`, {
        group,
        version,
        plural,
        singular: resource.singularName,
        kind,
        listKind: `${kind}List`,
        namespaced: resource.namespaced,
        shortNames: resource.shortNames ?? [],
        categories: resource.categories ?? [],
        verbs: readOnly
          ? resource.verbs.filter(v => readVerbs.includes(v))
          : resource.verbs,
        subresources: [],
        collection: sharedCollections[`${group}/${plural}`] ?? id,
        schemaName: schemaNameOfKind(group, version, kind) ?? '',
      });
    } else if (!readOnlyGroups.includes(resource.group)) {
      const subresource: Subresource = {
        name: sub,
        group: resource.responseGroup ?? '',
        version: resource.responseVersion ?? '',
        kind: resource.kind,
        verbs: resource.verbs,
      };
      types.get(`${path}/${plural}`)?.subresources.push(subresource);
    }
  }
  return [...types.values()];
}
