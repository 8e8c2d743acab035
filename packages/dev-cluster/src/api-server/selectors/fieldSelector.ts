import { KubeObject } from '../KubeObject';
import { badRequest } from '../StatusError';
import { at } from '../json';
import { ResourceType } from '../resources/ResourceType';

export type ObjectPredicate = (object: KubeObject) => boolean;

/** Fields that a resource can be selected by beside its name and namespace (pkg/apis and pkg/registry, SelectableFields). */
const selectable: { [collection: string]: string[] } = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
};

/** `metadata.name=a,status.phase!=Running`. Throws 400 for a field that the resource cannot be selected by. */
export function parseFieldSelector(
  text: string,
  type: ResourceType,
): ObjectPredicate {
  if (text.trim() === '') return () => true;
  const allowed = [
    'metadata.name',
    ...(type.namespaced ? ['metadata.namespace'] : []),
    ...(selectable[type.collection] ?? []),
    ...(type.custom?.selectableFields ?? []),
  ];
  const terms = text.split(',').map(term => {
    const parts = /^\s*([^=!]+?)\s*(==|=|!=)\s*(.*?)\s*$/.exec(term);
    if (!parts) {
      throw badRequest(
        `invalid field selector: invalid selector: '${text}'; can't understand '${term}'`,
      );
    }
    const field = parts[1];
    if (!allowed.includes(field)) {
      throw badRequest(
        type.custom
          ? `field label not supported: ${field}`
          : `"${field}" is not a known field selector: only ${allowed
              .map(f => `"${f}"`)
              .join(', ')}`,
      );
    }
    return { field, negated: parts[2] === '!=', value: parts[3] };
  });
  return object =>
    terms.every(t => (valueOf(object, t.field) === t.value) !== t.negated);
}

function valueOf(object: KubeObject, field: string): string {
  if (field === 'source') {
    return String(
      at(object, 'source', 'component') ??
        at(object, 'reportingComponent') ??
        '',
    );
  }
  if (field === 'status.successful') {
    return String(at(object, 'status', 'succeeded') ?? 0);
  }
  const value = at(object, ...field.split('.'));
  if (value === undefined || value === null) {
    return field === 'spec.unschedulable' || field === 'spec.hostNetwork'
      ? 'false'
      : '';
  }
  return String(value);
}
