import { KubeObject } from '../KubeObject';
import { clone } from '../json';
import { decodeBuiltIn } from '../schema/decodeBuiltIn';
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
    return goForm(type.schemaName, eventFromCore(stored));
  }
  if (type.group === 'autoscaling' && type.version === 'v1') {
    return goForm(type.schemaName, autoscalerToV1(stored));
  }
  return stored;
}

/** Another version has other fields that show when they are empty. */
function goForm(schemaName: string, object: KubeObject): KubeObject {
  const { kind, apiVersion } = object;
  const { value } = decodeBuiltIn(object, schemaName);
  return { ...value, kind, apiVersion } as KubeObject;
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
    return goForm('io.k8s.api.core.v1.Event', eventToCore(served));
  }
  if (type.group === 'autoscaling' && type.version === 'v1') {
    return goForm(
      'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
      autoscalerToV2(served),
    );
  }
  return served;
}
