/** As long as a mover may hold its pod without the engine having a slot for it. */
const longestWaitMs = 24 * 3600 * 1000;

/** Something that happens once and that others wait for. */
export class StartSignal {
  private readonly happened: Promise<void>;
  private resolve: () => void = () => undefined;

  constructor() {
    this.happened = new Promise(resolve => {
      this.resolve = resolve;
    });
  }

  set(): void {
    this.resolve();
  }

  /** @throws the signal's reason, or an Error after a day */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let timer: NodeJS.Timeout | undefined;
    let abort = () => {};
    try {
      await Promise.race([
        this.happened,
        new Promise<never>((_, reject) => {
          abort = () => reject(signal.reason);
          signal.addEventListener('abort', abort, { once: true });
          timer = setTimeout(
            () => reject(new Error('Nobody let the mover start for a day')),
            longestWaitMs,
          );
        }),
      ]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}
