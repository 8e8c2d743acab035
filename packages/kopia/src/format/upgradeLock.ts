import { KopiaError } from '../errors';
import { toMilliseconds } from '../time/timestamps';

/** An announced upgrade of the repository's format; durations are nanoseconds. */
export interface UpgradeLock {
  readonly ownerID?: string;
  readonly creationTime?: string;
  readonly advanceNoticeDuration?: number;
  readonly ioDrainTimeout?: number;
  readonly statusPollInterval?: number;
  readonly maxPermittedClockDrift?: number;
  readonly message?: string;
}

/**
 * Whether others than the lock's owner must stay away now (Kopia: upgrade lock intent).
 *
 * @param now - milliseconds since 1970
 */
export function isLockedForUpgrade(lock: UpgradeLock, now: number): boolean {
  const notice = (lock.advanceNoticeDuration ?? 0) / 1e6;
  const drain =
    ((lock.maxPermittedClockDrift ?? 0) + 2 * (lock.ioDrainTimeout ?? 0)) / 1e6;
  if (notice < drain) return true;
  return now >= toMilliseconds(lock.creationTime ?? '') + notice - drain;
}

/** Throws `upgrade-in-progress` while the repository is locked. */
export function checkUpgradeLock(
  lock: UpgradeLock | undefined,
  now: number,
): void {
  if (!lock || !isLockedForUpgrade(lock, now)) return;
  throw new KopiaError(
    'upgrade-in-progress',
    `The repository is locked for an upgrade by ${
      lock.ownerID ?? 'another client'
    }${lock.message ? `: ${lock.message}` : ''}`,
    { retryable: true },
  );
}
