import { KubeObject } from '../KubeObject';
import { isObject, objectAt, stringAt } from '../json';
import { ResourceType } from '../resources/ResourceType';
import { isEnforcedQuota } from './quota';

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

/** What is kept here, but has no effect. */
const notEnforced: { [collection: string]: string } = {
  limitranges: 'this server does not enforce limit ranges',
};

/** Warnings about what was just written: those of the real server, and what this one keeps without carrying it out. */
export function writeWarnings(
  type: ResourceType,
  object: KubeObject,
): string[] {
  const warnings: string[] = [];
  if (
    type.collection === 'resourcequotas' &&
    !Object.keys(objectAt(object, 'spec', 'hard')).every(isEnforcedQuota)
  ) {
    warnings.push(
      'this server enforces quotas of objects and of storage, no others',
    );
  }
  if (notEnforced[type.collection]) warnings.push(notEnforced[type.collection]);
  if (
    type.collection === 'namespaces' &&
    object.metadata.labels?.['pod-security.kubernetes.io/enforce']
  ) {
    warnings.push('this server does not enforce Pod Security');
  }
  if (
    type.collection === 'customresourcedefinitions.apiextensions.k8s.io' &&
    hasRules(object.spec)
  ) {
    warnings.push(
      'this server does not evaluate x-kubernetes-validations (CEL rules)',
    );
  }
  if (
    type.collection === 'services' &&
    stringAt(object, 'spec', 'clusterIP') === 'None' &&
    stringAt(object, 'spec', 'sessionAffinity')
  ) {
    warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  return warnings;
}

function hasRules(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasRules);
  return (
    isObject(value) &&
    (Array.isArray(value['x-kubernetes-validations']) ||
      Object.values(value).some(hasRules))
  );
}
