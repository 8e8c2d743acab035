import { OwnerReference, Resource } from '../api/Resource';
import { decideGarbage, OwnerState, withoutOwners } from './ownerGraph';

const object: Resource = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
};
const reference = (uid: string): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: uid,
  uid,
});
const absent: OwnerState = { state: 'absent' };
const present: OwnerState = { state: 'present', waitsForDependents: false };
const waiting: OwnerState = { state: 'present', waitsForDependents: true };
const owners = (...states: OwnerState[]) =>
  states.map((owner, index) => ({ reference: reference(`u${index}`), owner }));

describe('decideGarbage', () => {
  it.each([
    ['no owner', owners(), false, { action: 'keep' }],
    ['a living owner', owners(present), false, { action: 'keep' }],
    [
      'one owner gone, one alive',
      owners(absent, present),
      false,
      { action: 'drop-references', uids: ['u0'] },
    ],
    [
      'all owners gone',
      owners(absent, absent),
      false,
      { action: 'delete', propagationPolicy: 'Background' },
    ],
    [
      'the owner waits, no dependents',
      owners(waiting),
      false,
      { action: 'delete', propagationPolicy: 'Background' },
    ],
    [
      'the owner waits, with dependents',
      owners(waiting),
      true,
      { action: 'delete', propagationPolicy: 'Foreground' },
    ],
  ])('%s', (_case, given, hasDependents, expected) => {
    expect(decideGarbage(object, given, hasDependents)).toEqual(expected);
  });

  it('leaves what is being deleted alone', () => {
    const deleting = {
      ...object,
      metadata: { name: 'p', deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(decideGarbage(deleting, owners(absent), false)).toEqual({
      action: 'keep',
    });
  });

  it('keeps the other references', () => {
    const owned = {
      ...object,
      metadata: {
        name: 'p',
        ownerReferences: [reference('a'), reference('b')],
      },
    };
    expect(withoutOwners(owned, ['a'])).toEqual([reference('b')]);
  });
});
