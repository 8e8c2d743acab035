import { useCallback, useEffect, useRef, useState } from 'react';

/** What a page knows about something that it reads again and again. */
export interface PolledResource<T> {
  /** The last answer; kept when a later read fails. */
  data?: T;
  /** When `data` was known to be true, milliseconds since the epoch. */
  loadedAt?: number;
  /** Why the newest read failed; undefined after a read that worked. */
  error?: Error;
  /** The first answer is awaited. */
  loading: boolean;
  /** Reads again now. */
  reload(): void;
  /** Shows a change before the next answer confirms it. */
  update(change: (data: T | undefined) => T | undefined): void;
}

/** How to read something again and again. */
export interface PollOptions<T> {
  /** What is read; another key starts afresh. Undefined: nothing is read. */
  key: string | undefined;
  /** One read. Must stop when the signal aborts. */
  load(signal: AbortSignal): Promise<T>;
  /** Milliseconds until the next read; undefined: no further read. */
  interval(data: T | undefined): number | undefined;
}

/** A read that takes longer is given up and tried again. */
const readTimeoutMs = 30_000;
const longestPauseMs = 60_000;

/**
 * Reads something and keeps it fresh: pauses while the page is hidden, reads at once when it is seen again,
 * waits longer after each failure in a row (at most a minute), and never throws away what is known.
 */
export function usePolledResource<T>(
  options: PollOptions<T>,
): PolledResource<T> {
  const { key } = options;
  const latest = useRef(options);
  latest.current = options;
  const reloadNow = useRef<() => void>(() => {});
  const [state, setState] = useState<{
    key?: string;
    data?: T;
    loadedAt?: number;
    error?: Error;
  }>({});

  useEffect(() => {
    if (key === undefined) {
      return undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let running: AbortController | undefined;
    let failures = 0;
    let closed = false;
    let data: T | undefined;

    const schedule = (milliseconds: number | undefined) => {
      clearTimeout(timer);
      timer = undefined;
      if (closed || milliseconds === undefined || document.hidden) {
        return;
      }
      timer = setTimeout(read, milliseconds);
    };

    async function read() {
      running?.abort();
      clearTimeout(timer);
      const controller = new AbortController();
      running = controller;
      const timeout = setTimeout(
        () => controller.abort(new Error('The portal did not answer in time')),
        readTimeoutMs,
      );
      try {
        const answer = await latest.current.load(controller.signal);
        if (closed || running !== controller) {
          return;
        }
        data = answer;
        failures = 0;
        setState({ key, data: answer, loadedAt: Date.now() });
        schedule(latest.current.interval(answer));
      } catch (caught) {
        if (closed || running !== controller) {
          return;
        }
        failures += 1;
        const error =
          caught instanceof Error ? caught : new Error(String(caught));
        setState(previous =>
          previous.key === key ? { ...previous, error } : { key, error },
        );
        const usual = latest.current.interval(data) ?? 10_000;
        schedule(Math.min(longestPauseMs, usual * 2 ** failures));
      } finally {
        clearTimeout(timeout);
      }
    }

    const onVisibility = () => {
      if (document.hidden) {
        clearTimeout(timer);
        timer = undefined;
      } else if (latest.current.interval(data) !== undefined) {
        void read();
      }
    };

    reloadNow.current = () => void read();
    document.addEventListener('visibilitychange', onVisibility);
    void read();
    return () => {
      closed = true;
      clearTimeout(timer);
      running?.abort();
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, [key]);

  const reload = useCallback(() => reloadNow.current(), []);
  const update = useCallback(
    (change: (data: T | undefined) => T | undefined) =>
      setState(previous => ({ ...previous, data: change(previous.data) })),
    [],
  );

  const current = state.key === key ? state : {};
  return {
    data: current.data,
    loadedAt: current.loadedAt,
    error: current.error,
    loading:
      key !== undefined &&
      current.data === undefined &&
      current.error === undefined,
    reload,
    update,
  };
}
