import { KubeObject } from '../KubeObject';
import { badRequest, invalid, invalidValue } from '../StatusError';
import { at, clone, isObject, JsonObject, objectAt, stringAt } from '../json';
import { ResourceType } from '../resources/ResourceType';
import { objects } from '../strategies/podDefaults';

/** A label selector object as the text that `status.selector` of a Scale holds. */
function selectorText(selector: unknown): string {
  const equalities = Object.entries(objectAt(selector, 'matchLabels'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const expressions = objects(objectAt(selector).matchExpressions).map(e => {
    const key = stringAt(e, 'key');
    const values = Array.isArray(e.values) ? e.values.join(',') : '';
    switch (e.operator) {
      case 'In':
        return `${key} in (${values})`;
      case 'NotIn':
        return `${key} notin (${values})`;
      case 'Exists':
        return key;
      default:
        return `!${key}`;
    }
  });
  return [...equalities, ...expressions].join(',');
}

const fields = (path: string) => path.replace(/^\./, '').split('.');

/** The Scale of a workload or of a custom resource with a scale subresource. */
export function readScale(type: ResourceType, object: KubeObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } =
    object.metadata;
  const paths = type.custom?.scale;
  const replicas = at(
    object,
    ...(paths ? fields(paths.specReplicasPath) : ['spec', 'replicas']),
  );
  const current = at(
    object,
    ...(paths ? fields(paths.statusReplicasPath) : ['status', 'replicas']),
  );
  const custom = paths?.labelSelectorPath;
  const selector = custom
    ? at(object, ...fields(custom)) ?? ''
    : selectorText(
        type.collection === 'replicationcontrollers'
          ? { matchLabels: at(object, 'spec', 'selector') }
          : at(object, 'spec', 'selector'),
      );
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: current ?? 0,
      ...(selector && !(paths && !custom) ? { selector } : {}),
    },
  };
}

/** The object with the replicas of a Scale that a client sent. Throws 400 and 422 for one that cannot be. */
export function applyScale(
  type: ResourceType,
  object: KubeObject,
  scale: unknown,
): KubeObject {
  if (!isObject(scale)) throw badRequest('the body is not a Scale');
  const replicas = objectAt(scale, 'spec').replicas ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    throw badRequest(
      `Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal ${typeof replicas} into Go struct field ScaleSpec.spec.replicas of type int32`,
    );
  }
  if (replicas < 0) {
    throw invalid(
      { group: 'autoscaling', kind: 'Scale' },
      object.metadata.name,
      [
        invalidValue(
          'spec.replicas',
          replicas,
          'must be greater than or equal to 0',
        ),
      ],
    );
  }
  const result = clone(object);
  const path = type.custom?.scale
    ? fields(type.custom.scale.specReplicasPath)
    : ['spec', 'replicas'];
  let target: JsonObject = result;
  for (const name of path.slice(0, -1)) {
    if (!isObject(target[name])) target[name] = {};
    target = target[name] as JsonObject;
  }
  target[path[path.length - 1]] = replicas;
  const version = stringAt(scale, 'metadata', 'resourceVersion');
  if (version) result.metadata.resourceVersion = version;
  return result;
}
