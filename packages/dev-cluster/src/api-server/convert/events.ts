import { KubeObject } from '../KubeObject';
import { JsonObject } from '../json';

/** events.k8s.io/v1 field → core/v1 field (kubernetes pkg/apis/events/v1/conversion.go). */
const fields: { [field: string]: string } = {
  note: 'message',
  regarding: 'involvedObject',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
  reportingController: 'reportingComponent',
};

function renamed(object: KubeObject, names: { [from: string]: string }) {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    result[names[key] ?? key] = value;
  }
  return result as KubeObject;
}

export function eventToCore(object: KubeObject): KubeObject {
  return { ...renamed(object, fields), apiVersion: 'v1' } as KubeObject;
}

export function eventFromCore(object: KubeObject): KubeObject {
  const back = Object.fromEntries(
    Object.entries(fields).map(([from, to]) => [to, from]),
  );
  return {
    ...renamed(object, back),
    apiVersion: 'events.k8s.io/v1',
  } as KubeObject;
}
