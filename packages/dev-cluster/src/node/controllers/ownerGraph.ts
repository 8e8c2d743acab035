import { OwnerReference, Resource } from '../api/Resource';

/** What is known of an owner that a reference names. */
export type OwnerState =
  | { state: 'absent' }
  | { state: 'present'; waitsForDependents: boolean };

export type GarbageDecision =
  | { action: 'keep' }
  | { action: 'drop-references'; uids: string[] }
  | { action: 'delete'; propagationPolicy: 'Background' | 'Foreground' };

export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

/**
 * What becomes of an object given the state of its owners.
 *
 * Kubernetes: an object goes when none of its owners is there any more. Owners that only wait for their dependents
 * count as gone, unless another owner still holds the object.
 */
export function decideGarbage(
  object: Resource,
  owners: { reference: OwnerReference; owner: OwnerState }[],
  hasDependents: boolean,
): GarbageDecision {
  if (owners.length === 0 || object.metadata.deletionTimestamp) {
    return { action: 'keep' };
  }
  const absent = owners.filter(each => each.owner.state === 'absent');
  const waiting = owners.filter(
    each => each.owner.state === 'present' && each.owner.waitsForDependents,
  );
  const solid = owners.length - absent.length - waiting.length;
  if (solid > 0) {
    const uids = [...absent, ...waiting].map(each => each.reference.uid);
    return uids.length === 0
      ? { action: 'keep' }
      : { action: 'drop-references', uids };
  }
  const foreground =
    (waiting.length > 0 && hasDependents) ||
    object.metadata.finalizers?.includes(FOREGROUND_FINALIZER);
  return {
    action: 'delete',
    propagationPolicy: foreground ? 'Foreground' : 'Background',
  };
}

/** Owner references without those of the given owners. */
export function withoutOwners(
  object: Resource,
  uids: string[],
): OwnerReference[] {
  return (object.metadata.ownerReferences ?? []).filter(
    reference => !uids.includes(reference.uid),
  );
}
