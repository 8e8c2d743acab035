import type { ResourceTypeRef } from './ResourceType';

/** The path of a collection, or of one object in it. */
export function resourcePath(
  type: ResourceTypeRef,
  options: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = type.group
    ? `/apis/${type.group}/${type.version}`
    : `/api/${type.version}`;
  const segments = [root];
  if (type.namespaced && options.namespace !== undefined) {
    segments.push('namespaces', segment(options.namespace, 'namespace'));
  }
  segments.push(type.resource);
  if (options.name !== undefined) {
    segments.push(segment(options.name, 'name'));
    if (options.subresource) {
      segments.push(segment(options.subresource, 'subresource'));
    }
  }
  return segments.join('/');
}

function segment(text: string, what: string): string {
  if (text === '' || text === '.' || text === '..' || text.includes('/')) {
    throw new Error(`"${text}" cannot be the ${what} of a Kubernetes object`);
  }
  return encodeURIComponent(text);
}
