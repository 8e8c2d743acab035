import type { DataDownload, DataUpload } from '@lifeboat/velero-api';
import { moverOutcome } from './moverOutcome';
import type { Pod } from './Pod';

const upload = (changes: Partial<DataUpload> = {}) =>
  ({
    apiVersion: 'velero.io/v2alpha1',
    kind: 'DataUpload',
    metadata: { name: 'a' },
    spec: {},
    ...changes,
  } as DataUpload);

const download = {
  ...upload(),
  kind: 'DataDownload',
} as unknown as DataDownload;

const ended = (
  terminated?: { exitCode: number; reason?: string; message?: string },
  status: Pod['status'] = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {},
  spec: {},
  status: {
    ...status,
    ...(terminated && {
      containerStatuses: [{ name: 'mover', state: { terminated } }],
    }),
  },
});

const isEnded = { state: 'ended' } as const;

describe('moverOutcome', () => {
  it('believes the termination message first', () => {
    const message = JSON.stringify({ outcome: 'failed', message: 'no space' });
    expect(
      moverOutcome(
        upload({ status: { snapshotID: 'abc' } }),
        ended({ exitCode: 0, message }),
        isEnded,
      ),
    ).toEqual({ outcome: 'failed', message: 'no space' });
  });

  it('then what the mover noted on its resource, also when the pod is lost', () => {
    const noted = upload({
      metadata: {
        name: 'a',
        annotations: {
          'lifeboat.dev/mover-result':
            '{"outcome":"completed","snapshotID":"abc"}',
        },
      },
    });
    expect(moverOutcome(noted, undefined, { state: 'absent' })).toEqual({
      outcome: 'completed',
      snapshotID: 'abc',
    });
  });

  it('then the ID of a snapshot that is saved', () => {
    expect(
      moverOutcome(
        upload({
          status: {
            snapshotID: 'abc',
            incrementalBytes: 0,
            progress: { totalBytes: 7 },
          },
        }),
        undefined,
        { state: 'lost', reason: '' },
      ),
    ).toEqual({
      outcome: 'completed',
      snapshotID: 'abc',
      incrementalBytes: 0,
      totalBytes: 7,
    });
  });

  it('knows nothing of a mover at work, nor of one that has gone without a trace', () => {
    expect(
      moverOutcome(upload(), ended(), { state: 'running', node: 'n' }),
    ).toBeUndefined();
    expect(
      moverOutcome(upload(), undefined, { state: 'absent' }),
    ).toBeUndefined();
  });

  it('does not take an exit code for a result', () => {
    for (const owner of [upload(), download]) {
      expect(moverOutcome(owner, ended({ exitCode: 0 }), isEnded)).toEqual({
        outcome: 'failed',
        message: 'the mover ended without a result: exit code 0',
      });
    }
    expect(moverOutcome(upload(), ended({ exitCode: 3 }), isEnded)).toEqual({
      outcome: 'canceled',
    });
  });

  it.each([
    [
      ended({ exitCode: 137, reason: 'OOMKilled' }),
      /more memory than its limit/,
    ],
    [
      ended(undefined, {
        reason: 'Evicted',
        message: 'The node was low on resource: ephemeral-storage.',
      }),
      /^the mover ended without a result: Evicted, The node was low/,
    ],
    [
      ended({ exitCode: 1, reason: 'Error', message: 'Segmentation fault\n' }),
      /: exit code 1, Segmentation fault$/,
    ],
  ])('says how a mover without a result ended', (pod, message) => {
    expect(moverOutcome(upload(), pod, isEnded)).toEqual({
      outcome: 'failed',
      message: expect.stringMatching(message),
    });
  });
});
