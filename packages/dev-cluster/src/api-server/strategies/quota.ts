import { KubeObject } from '../KubeObject';
import { forbidden } from '../StatusError';
import { objectAt, stringAt } from '../json';
import { ResourceType } from '../resources/ResourceType';
import { quantityValue } from '../schema/quantity';
import { ObjectStorage } from '../storage/ObjectStorage';

/** What one object counts for, by the names that quotas use. */
type Usage = { [resource: string]: string };

const counted = new Set([
  'pods',
  'persistentvolumeclaims',
  'services',
  'secrets',
  'configmaps',
]);

function storageUsage(claim: KubeObject): Usage {
  const size = stringAt(claim, 'spec', 'resources', 'requests', 'storage');
  const storageClass = stringAt(claim, 'spec', 'storageClassName');
  const ofClass = `${storageClass}.storageclass.storage.k8s.io`;
  return {
    'requests.storage': size || '0',
    ...(storageClass
      ? {
          [`${ofClass}/requests.storage`]: size || '0',
          [`${ofClass}/persistentvolumeclaims`]: '1',
        }
      : {}),
  };
}

function usageOf(type: ResourceType, object: KubeObject): Usage {
  if (type.custom) return {};
  const { group, plural, collection } = type;
  const name = group ? `${plural}.${group}` : plural;
  const ended = ['Succeeded', 'Failed'].includes(
    stringAt(object, 'status', 'phase'),
  );
  return {
    [`count/${name}`]: '1',
    ...(counted.has(collection) && !(collection === 'pods' && ended)
      ? { [plural]: '1' }
      : {}),
    ...(collection === 'persistentvolumeclaims' ? storageUsage(object) : {}),
  };
}

const amount = (quantity: unknown) => quantityValue(String(quantity)) ?? 0;

const listed = (values: [string, string | number][]) =>
  values.map(([name, value]) => `${name}=${value}`).join(',');

/** Whether quotas by this name have an effect here: counts of objects and sizes of claims. */
export function isEnforcedQuota(resource: string): boolean {
  return (
    resource.startsWith('count/') ||
    counted.has(resource) ||
    resource === 'requests.storage' ||
    resource.includes('.storageclass.storage.k8s.io/')
  );
}

/** Refuses a new object that exceeds a ResourceQuota of its namespace (admission plugin ResourceQuota). */
export function checkQuota(
  type: ResourceType,
  object: KubeObject,
  storage: ObjectStorage,
) {
  const { namespace, name } = object.metadata;
  if (!namespace) return;
  for (const quota of storage.list('resourcequotas')) {
    if (quota.metadata.namespace === namespace) {
      const hard = objectAt(quota, 'spec', 'hard');
      const wanted = usageOf(type, object);
      const limited = Object.keys(wanted)
        .filter(resource => hard[resource] !== undefined)
        .sort();
      const used = new Map(limited.map(resource => [resource, 0]));
      for (const other of limited.length ? storage.list(type.collection) : []) {
        if (other.metadata.namespace === namespace) {
          const usage = usageOf(type, other);
          for (const resource of limited) {
            used.set(
              resource,
              (used.get(resource) ?? 0) + amount(usage[resource] ?? '0'),
            );
          }
        }
      }
      const exceeded = limited.filter(
        resource =>
          (used.get(resource) ?? 0) + amount(wanted[resource]) >
          amount(hard[resource]),
      );
      if (exceeded.length > 0) {
        throw forbidden(
          type,
          name,
          `exceeded quota: ${quota.metadata.name}, requested: ${listed(
            exceeded.map(each => [each, wanted[each]]),
          )}, used: ${listed(
            exceeded.map(each => [each, used.get(each) ?? 0]),
          )}, limited: ${listed(
            exceeded.map(each => [each, String(hard[each])]),
          )}`,
        );
      }
    }
  }
}
