import { setTimeout as sleep } from 'node:timers/promises';
import type { DataPathPhase } from '@lifeboat/velero-api';
import { ApiRequestError, type ApiType, type PodApi } from './PodApi';

/** Why a mover must end before its work is done. */
export class CancelledError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CancelledError';
  }
}

interface Cancellable {
  metadata: { uid?: string; resourceVersion?: string };
  spec?: { cancel?: boolean };
  status?: { phase?: DataPathPhase };
}

export interface WatchOwnerOptions {
  readonly api: PodApi;
  readonly type: ApiType;
  readonly name: string;
  /** A resource of the same name that was made later is not the owner. */
  readonly uid: string | undefined;
  readonly signal: AbortSignal;
  /** The engine has a slot for the work: the phase is InProgress. May be called more than once. */
  readonly onStart: () => void;
  readonly onCancel: (reason: CancelledError) => void;
  /** Pause after a broken watch. */
  readonly pauseMs?: number;
}

/** In these phases nobody waits for the mover any more. */
const notWanted: ReadonlySet<DataPathPhase> = new Set([
  'Canceling',
  'Canceled',
  'Failed',
  'Completed',
]);

/**
 * Watches the mover's own custom resource until the signal is aborted, and tells once when the work is no longer wanted:
 * `spec.cancel` is true, the resource is gone or has ended. An API server that is away does not end the work.
 */
export async function watchOwner(options: WatchOwnerOptions): Promise<void> {
  const { api, type, name, signal } = options;
  const reasonOf = (object: Cancellable) => {
    if (options.uid && object.metadata.uid !== options.uid)
      return new CancelledError(`${name} was deleted and made anew`);
    if (object.spec?.cancel)
      return new CancelledError('Canceled by spec.cancel');
    const phase = object.status?.phase;
    if (phase && notWanted.has(phase))
      return new CancelledError(`The phase of ${name} is ${phase}`);
    if (phase === 'InProgress') options.onStart();
    return undefined;
  };
  while (!signal.aborted) {
    try {
      const current = await api.get<Cancellable>(type, name, signal);
      const reason = reasonOf(current);
      if (reason) {
        options.onCancel(reason);
        return;
      }
      for await (const event of api.watch<Cancellable>(
        type,
        name,
        current.metadata.resourceVersion ?? '',
        signal,
      )) {
        if (event.type === 'BOOKMARK') continue;
        const cause =
          event.type === 'DELETED'
            ? new CancelledError(`${name} was deleted`)
            : reasonOf(event.object);
        if (cause) {
          options.onCancel(cause);
          return;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiRequestError && error.status === 404) {
        options.onCancel(new CancelledError(`${name} was deleted`));
        return;
      }
    }
    await sleep(options.pauseMs ?? 2000, undefined, { signal }).catch(
      () => undefined,
    );
  }
}
