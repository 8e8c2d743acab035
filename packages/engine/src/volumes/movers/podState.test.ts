import type { Pod } from './Pod';
import { podState } from './podState';

const now = Date.parse('2026-11-23T12:00:00Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

const pod = (
  status: Pod['status'],
  metadata: Partial<Pod['metadata']> = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'du-1', ...metadata },
  spec: { nodeName: 'node-1' },
  status,
});

const waiting = (reason: string, message?: string): Pod['status'] => ({
  phase: 'Pending',
  containerStatuses: [
    {
      name: 'mover',
      state: { waiting: { reason, ...(message && { message }) } },
    },
  ],
});

const unschedulable = (seconds: number): Pod['status'] => ({
  phase: 'Pending',
  conditions: [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/3 nodes are available',
      lastTransitionTime: ago(seconds),
    },
  ],
});

describe('podState', () => {
  it.each<[string, Pod | undefined, object]>([
    ['no pod', undefined, { state: 'absent' }],
    ['a new one', pod({ phase: 'Pending' }), { state: 'starting' }],
    [
      'one that runs',
      pod({ phase: 'Running' }),
      { state: 'running', node: 'node-1' },
    ],
    ['one that succeeded', pod({ phase: 'Succeeded' }), { state: 'ended' }],
    [
      'one that was evicted',
      pod({ phase: 'Failed', reason: 'Evicted' }),
      { state: 'ended' },
    ],
    [
      'one whose container has ended',
      pod({
        phase: 'Running',
        containerStatuses: [
          { name: 'mover', state: { terminated: { exitCode: 1 } } },
        ],
      }),
      { state: 'ended' },
    ],
    [
      'an image that is pulled',
      pod(waiting('ContainerCreating')),
      { state: 'starting' },
    ],
    ['one failed pull', pod(waiting('ErrImagePull')), { state: 'starting' }],
    [
      'an image that cannot be pulled',
      pod(waiting('ImagePullBackOff', 'not found')),
      { state: 'starting', problem: 'ImagePullBackOff: not found' },
    ],
    [
      'an image that must be there and is not',
      pod(waiting('ErrImageNeverPull')),
      { state: 'starting', problem: 'ErrImageNeverPull' },
    ],
    ['a moment without a node', pod(unschedulable(60)), { state: 'starting' }],
    [
      'no node for long',
      pod(unschedulable(121)),
      {
        state: 'starting',
        problem: 'no node can run it: 0/3 nodes are available',
      },
    ],
    [
      'one that is being deleted',
      pod({ phase: 'Running' }, { deletionTimestamp: ago(5) }),
      { state: 'starting' },
    ],
    [
      'one that should have been deleted long ago',
      pod({ phase: 'Running' }, { deletionTimestamp: ago(31) }),
      { state: 'lost' },
    ],
    ['an unknown one', pod({ phase: 'Unknown' }), { state: 'lost' }],
  ])('%s', (_, given, state) => {
    const found = podState(given, now, false);
    expect(found).toMatchObject(state);
    expect('problem' in found).toBe('problem' in state);
  });

  it('has patience with a pod whose claim is not bound', () => {
    expect(podState(pod(unschedulable(1000)), now, true)).toEqual({
      state: 'starting',
    });
  });
});
