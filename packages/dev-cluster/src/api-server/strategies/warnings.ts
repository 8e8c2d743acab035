import { KubeObject } from '../KubeObject';
import { stringAt } from '../json';
import { ResourceType } from '../resources/ResourceType';

/** Warnings that come with every use of a resource. */
export function resourceWarnings(type: ResourceType): string[] {
  if (type.custom) {
    return type.custom.deprecationWarning
      ? [type.custom.deprecationWarning]
      : [];
  }
  return type.collection === 'endpoints'
    ? [
        'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
      ]
    : [];
}

/** Warnings about what was just written. */
export function writeWarnings(
  type: ResourceType,
  object: KubeObject,
): string[] {
  return type.collection === 'services' &&
    stringAt(object, 'spec', 'clusterIP') === 'None' &&
    stringAt(object, 'spec', 'sessionAffinity')
    ? ['spec.SessionAffinity is ignored for headless services']
    : [];
}
