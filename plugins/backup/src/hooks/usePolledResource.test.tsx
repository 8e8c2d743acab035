import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { usePolledResource } from './usePolledResource';

function setHidden(hidden: boolean) {
  Object.defineProperty(document, 'hidden', {
    configurable: true,
    value: hidden,
  });
  document.dispatchEvent(new Event('visibilitychange'));
}

async function pass(milliseconds: number) {
  await act(async () => {
    await jest.advanceTimersByTimeAsync(milliseconds);
  });
}

describe('usePolledResource', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    cleanup();
    setHidden(false);
    jest.useRealTimers();
  });

  it('reads again and again', async () => {
    let answer = 0;
    const load = jest.fn(async () => {
      answer += 1;
      return answer;
    });
    const { result } = renderHook(() =>
      usePolledResource({ key: 'a', load, interval: () => 1_000 }),
    );
    expect(result.current.loading).toBe(true);
    await pass(0);
    expect(result.current).toMatchObject({
      data: 1,
      loading: false,
      loadedAt: 1_000_000,
    });
    await pass(1_000);
    expect(result.current.data).toBe(2);
  });

  it('does not read while the page is hidden, and at once when it is seen', async () => {
    const load = jest.fn(async () => 'x');
    renderHook(() =>
      usePolledResource({ key: 'a', load, interval: () => 1_000 }),
    );
    await pass(0);
    setHidden(true);
    await pass(60_000);
    expect(load).toHaveBeenCalledTimes(1);
    setHidden(false);
    await pass(0);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('keeps what is known when a read fails, and waits longer each time', async () => {
    const load = jest
      .fn<Promise<string>, [AbortSignal]>()
      .mockResolvedValueOnce('known')
      .mockRejectedValue(new Error('offline'));
    const { result } = renderHook(() =>
      usePolledResource({ key: 'a', load, interval: () => 1_000 }),
    );
    await pass(0);
    await pass(1_000);
    expect(result.current).toMatchObject({
      data: 'known',
      error: new Error('offline'),
      loadedAt: 1_000_000,
    });
    await pass(1_999);
    expect(load).toHaveBeenCalledTimes(2);
    await pass(1);
    expect(load).toHaveBeenCalledTimes(3);
    await pass(3_999);
    expect(load).toHaveBeenCalledTimes(3);
    await pass(1);
    expect(load).toHaveBeenCalledTimes(4);
  });

  it('gives up a read after 30 s', async () => {
    const load = (signal: AbortSignal) =>
      new Promise<string>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const { result } = renderHook(() =>
      usePolledResource({ key: 'a', load, interval: () => 1_000 }),
    );
    await pass(30_000);
    expect(result.current.error?.message).toMatch(/did not answer in time/);
  });

  it('forgets the old data when the key changes, and aborts what is under way', async () => {
    const signals: AbortSignal[] = [];
    const { result, rerender } = renderHook(
      ({ name }) =>
        usePolledResource({
          key: name,
          load: async signal => {
            signals.push(signal);
            return name;
          },
          interval: () => undefined,
        }),
      { initialProps: { name: 'a' } },
    );
    await pass(0);
    expect(result.current.data).toBe('a');
    rerender({ name: 'b' });
    expect(result.current.data).toBeUndefined();
    expect(signals[0].aborted).toBe(true);
    await pass(0);
    expect(result.current.data).toBe('b');
  });

  it('reads on demand and shows changes before they are confirmed', async () => {
    const load = jest.fn(async () => 1);
    const { result } = renderHook(() =>
      usePolledResource({ key: 'a', load, interval: () => undefined }),
    );
    await pass(0);
    act(() => result.current.update(value => (value ?? 0) + 10));
    expect(result.current.data).toBe(11);
    act(() => result.current.reload());
    await pass(0);
    await waitFor(() => expect(result.current.data).toBe(1));
  });
});
