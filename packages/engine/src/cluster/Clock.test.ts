import { systemClock } from './Clock';

describe('systemClock', () => {
  it('waits for times that are longer than a timer can', async () => {
    const abort = new AbortController();
    const thirtyDays = 30 * 24 * 3600 * 1000;
    const ended = jest.fn();
    const waiting = systemClock.sleep(thirtyDays, abort.signal).then(ended);
    await systemClock.sleep(50);
    expect(ended).not.toHaveBeenCalled();
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('does not wait when the signal was aborted before', async () => {
    await expect(
      systemClock.sleep(0, AbortSignal.abort(new Error('too late'))),
    ).rejects.toThrow('too late');
  });
});
