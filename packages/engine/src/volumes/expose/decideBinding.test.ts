import { decideBinding } from './decideBinding';

const claim = {
  bindingMode: 'WaitForFirstConsumer',
  ignoreDelayBinding: false,
  selectedNode: undefined,
  hasConsumer: false,
  waitedMs: 0,
} as const;

describe('decideBinding', () => {
  it('makes the volume at once where nobody waits for a consumer', () => {
    expect(decideBinding({ ...claim, bindingMode: 'Immediate' })).toEqual({
      go: true,
    });
    expect(decideBinding({ ...claim, bindingMode: undefined })).toEqual({
      go: true,
    });
    expect(decideBinding({ ...claim, ignoreDelayBinding: true })).toEqual({
      go: true,
    });
  });

  it('makes it on the node that the scheduler chose', () => {
    expect(decideBinding({ ...claim, selectedNode: 'node-1' })).toEqual({
      go: true,
      node: 'node-1',
    });
  });

  it('waits for a consumer, and for its node, but not for ever', () => {
    expect(decideBinding({ ...claim, waitedMs: 10_000 })).toEqual({
      go: false,
      leftMs: 5_000,
    });
    expect(decideBinding({ ...claim, waitedMs: 15_000 })).toEqual({ go: true });
    expect(
      decideBinding({ ...claim, hasConsumer: true, waitedMs: 15_000 }),
    ).toEqual({ go: false, leftMs: 45_000 });
    expect(
      decideBinding({ ...claim, hasConsumer: true, waitedMs: 60_000 }),
    ).toEqual({ go: true });
  });
});
