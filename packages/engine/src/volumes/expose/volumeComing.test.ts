import type { Claim } from './storageObjects';
import { volumeComing } from './volumeComing';

const now = Date.parse('2026-11-23T10:00:00Z');

function claim(fields: {
  createdAt?: string;
  node?: string;
  phase?: string;
}): Claim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'c',
      creationTimestamp: fields.createdAt ?? '2026-11-23T09:59:59Z',
      ...(fields.node && {
        annotations: { 'volume.kubernetes.io/selected-node': fields.node },
      }),
    },
    spec: {},
    status: { phase: fields.phase ?? 'Pending' },
  };
}

describe('a pod that is to use a claim', () => {
  it('waits for the volume that is made on a node that is known', () => {
    expect(volumeComing(claim({ node: 'n' }), now)).toMatchObject({
      waitingFor: 'PersistentVolumeClaim c gets its volume',
    });
  });

  it.each([
    ['nothing is made without it', claim({})],
    ['the volume is there', claim({ node: 'n', phase: 'Bound' })],
    ['it takes long', claim({ node: 'n', createdAt: '2026-11-23T09:59:54Z' })],
    [
      'the clocks differ',
      claim({ node: 'n', createdAt: '2026-11-23T10:01:00Z' }),
    ],
  ])('is made at once when %s', (_why, of) => {
    expect(volumeComing(of, now)).toBeUndefined();
  });
});
