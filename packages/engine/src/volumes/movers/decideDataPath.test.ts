import {
  cancelGraceMs,
  decideDataPath,
  type DataPathView,
} from './decideDataPath';

const view = (changes: Partial<DataPathView>): DataPathView => ({
  phase: 'Accepted',
  isEndRequested: false,
  pod: { state: 'absent' },
  acceptedForMs: 1_000,
  prepareTimeoutMs: 30_000,
  cancelingForMs: 0,
  ...changes,
});

const running = { state: 'running', node: 'node-1' } as const;
const completed = { outcome: 'completed', snapshotID: 'abc' } as const;

describe('decideDataPath', () => {
  it.each<[string, Partial<DataPathView>, object]>([
    ['a new one is accepted', { phase: 'New' }, { do: 'accept' }],
    [
      'a new one that was cancelled never begins',
      { phase: 'New', isEndRequested: true },
      { do: 'end', phase: 'Canceled' },
    ],
    ['without a pod the volume is exposed', {}, { do: 'expose' }],
    [
      'a pod that starts is waited for',
      { pod: { state: 'starting' } },
      { do: 'wait' },
    ],
    [
      'a pod that runs is prepared',
      { pod: running },
      { do: 'prepared', node: 'node-1' },
    ],
    [
      'a pod that runs is prepared although the time is over',
      { pod: running, acceptedForMs: 99_000 },
      { do: 'prepared', node: 'node-1' },
    ],
    [
      'a pod that cannot start fails with its problem',
      { pod: { state: 'starting', problem: 'ErrImageNeverPull' } },
      {
        do: 'end',
        phase: 'Failed',
        message: expect.stringContaining('ErrImageNeverPull'),
      },
    ],
    [
      'preparing takes only so long',
      { acceptedForMs: 30_000 },
      {
        do: 'end',
        phase: 'Failed',
        message: expect.stringContaining('timeout on preparing'),
      },
    ],
    [
      'cancelled while accepted',
      { isEndRequested: true, pod: { state: 'starting' } },
      { do: 'end', phase: 'Canceled' },
    ],
    [
      'a prepared one starts',
      { phase: 'Prepared', pod: running },
      { do: 'start', node: 'node-1' },
    ],
    [
      'waiting for its turn is no reason to fail',
      { phase: 'Prepared', pod: running, acceptedForMs: 99_000 },
      { do: 'start', node: 'node-1' },
    ],
    [
      'cancelled while prepared',
      { phase: 'Prepared', pod: running, isEndRequested: true },
      { do: 'end', phase: 'Canceled' },
    ],
    [
      'a prepared one whose pod has gone',
      { phase: 'Prepared' },
      { do: 'end', phase: 'Failed' },
    ],
    [
      'one at work is waited for, however long',
      { phase: 'InProgress', pod: running, acceptedForMs: 9e9 },
      { do: 'wait' },
    ],
    [
      'one at work whose pod has gone',
      { phase: 'InProgress' },
      {
        do: 'end',
        phase: 'Failed',
        message: expect.stringContaining('its pod was deleted'),
      },
    ],
    [
      'one at work whose node does not answer',
      { phase: 'InProgress', pod: { state: 'lost', reason: 'no answer' } },
      { do: 'end', phase: 'Failed', message: 'no answer' },
    ],
    [
      'one at work is asked to end',
      { phase: 'InProgress', pod: running, isEndRequested: true },
      { do: 'cancel' },
    ],
    [
      'one that is asked to end gets time',
      {
        phase: 'Canceling',
        pod: running,
        isEndRequested: true,
        cancelingForMs: cancelGraceMs - 1,
      },
      { do: 'wait' },
    ],
    [
      'but not for ever',
      {
        phase: 'Canceling',
        pod: running,
        isEndRequested: true,
        cancelingForMs: cancelGraceMs,
      },
      {
        do: 'end',
        phase: 'Canceled',
        message: expect.stringContaining('removed'),
      },
    ],
    [
      'one that was asked to end and is gone',
      { phase: 'Canceling', isEndRequested: true },
      { do: 'end', phase: 'Canceled' },
    ],
    [
      'a result counts before the engine saw the pod run',
      { pod: { state: 'ended' }, outcome: completed },
      { do: 'finish', result: completed },
    ],
    [
      'a result counts although the pod has gone',
      { phase: 'InProgress', outcome: completed },
      { do: 'finish', result: completed },
    ],
    [
      'what was completed in spite of a cancel is completed',
      { phase: 'Canceling', outcome: completed, isEndRequested: true },
      { do: 'finish', result: completed },
    ],
    [
      'a mover that fails says why',
      {
        phase: 'InProgress',
        outcome: { outcome: 'failed', message: 'bucket full' },
      },
      { do: 'end', phase: 'Failed', message: 'bucket full' },
    ],
    [
      'a mover that was stopped by nobody of us has failed',
      { phase: 'InProgress', outcome: { outcome: 'canceled' } },
      {
        do: 'end',
        phase: 'Failed',
        message: expect.stringContaining('stopped'),
      },
    ],
    [
      'a mover that was asked to end is cancelled',
      {
        phase: 'Canceling',
        outcome: { outcome: 'canceled' },
        isEndRequested: true,
      },
      { do: 'end', phase: 'Canceled' },
    ],
    [
      'a completed one is cleaned up',
      { phase: 'Completed' },
      { do: 'cleanUp' },
    ],
    [
      'a failed one is cleaned up, whatever its mover says',
      { phase: 'Failed', outcome: completed },
      { do: 'cleanUp' },
    ],
    ['a cancelled one is cleaned up', { phase: 'Canceled' }, { do: 'cleanUp' }],
  ])('%s', (_, changes, step) => {
    expect(decideDataPath(view(changes))).toMatchObject(step);
  });
});
