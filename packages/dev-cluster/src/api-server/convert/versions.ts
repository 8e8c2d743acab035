import { KubeObject } from '../KubeObject';
import { clone } from '../json';
import { apiVersionOf, ResourceType } from '../resources/ResourceType';
import { applySchemaDefaults, prune } from '../crd/structuralSchema';
import { eventFromCore, eventToCore } from './events';
import { autoscalerToV1, autoscalerToV2 } from './horizontalPodAutoscalers';

const shown = new WeakMap<ResourceType, WeakMap<KubeObject, KubeObject>>();

/** A stored object as a version of its resource shows it. Asked twice for the same object, it gives the same answer object. */
export function toServed(type: ResourceType, stored: KubeObject): KubeObject {
  let cache = shown.get(type);
  if (!cache) {
    cache = new WeakMap();
    shown.set(type, cache);
  }
  let result = cache.get(stored);
  if (!result) {
    result = convert(type, stored);
    cache.set(stored, result);
  }
  return result;
}

function convert(type: ResourceType, stored: KubeObject): KubeObject {
  if (type.custom) {
    let result: KubeObject = { ...stored, apiVersion: apiVersionOf(type) };
    const { schema, preserveUnknownFields } = type.custom;
    if (schema) {
      if (!preserveUnknownFields) result = prune(result, schema) as KubeObject;
      result = clone(result);
      applySchemaDefaults(result, schema);
    }
    return result;
  }
  if (type.collection === 'events' && type.group !== '') {
    return eventFromCore(stored);
  }
  if (type.group === 'autoscaling' && type.version === 'v1') {
    return autoscalerToV1(stored);
  }
  return stored;
}

/** A served object in the version that is stored. */
export function toStored(type: ResourceType, served: KubeObject): KubeObject {
  if (type.custom) {
    return {
      ...served,
      apiVersion: `${type.group}/${type.custom.storageVersion}`,
    };
  }
  if (type.collection === 'events' && type.group !== '') {
    return eventToCore(served);
  }
  if (type.group === 'autoscaling' && type.version === 'v1') {
    return autoscalerToV2(served);
  }
  return served;
}
