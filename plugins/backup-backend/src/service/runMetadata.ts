import {
  type BackupScope,
  type ObjectMeta,
  entityLabelValue,
  lifeboatAnnotations,
  lifeboatLabels,
} from '@lifeboat/velero-api';
import { problemError } from '../problems/problemError';
import { namespaceMissing } from '../problems/problems';
import type { EntityCall } from './EntityCall';

/**
 * The scope that is recorded on what a call creates.
 *
 * @throws the problem `namespace-missing` while there is no Namespace to record
 */
export function scopeOf({ grant, target }: EntityCall): BackupScope {
  if (target.namespaceUid === undefined) {
    throw problemError(namespaceMissing(target.cluster.name, target.namespace));
  }
  return {
    entityRef: grant.entityRef,
    cluster: target.cluster.name,
    namespace: target.namespace,
    namespaceUid: target.namespaceUid,
    ...(target.selector && { selector: target.selector }),
    consent: target.consent,
  };
}

/** Metadata of a new control resource: who asked, for which entity, within which scope. */
export function runMetadata(
  call: EntityCall,
  name: string,
  scope: BackupScope,
  more: Pick<ObjectMeta, 'labels' | 'annotations'> = {},
): ObjectMeta {
  return {
    name,
    namespace: call.target.cluster.control.namespace,
    labels: {
      [lifeboatLabels.entity]: entityLabelValue(call.grant.entityRef),
      ...more.labels,
    },
    annotations: {
      ...more.annotations,
      [lifeboatAnnotations.requestedBy]: call.grant.user,
      [lifeboatAnnotations.scope]: JSON.stringify(scope),
    },
  };
}
