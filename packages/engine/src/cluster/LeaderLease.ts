import { isAlreadyExists, isConflict } from './ApiError';
import { backoffMs } from './backoff';
import type { Clock } from './Clock';
import type { ClusterClient } from './ClusterClient';
import { LeaseFence } from './Fence';
import type { ApiObject } from './KubernetesObject';
import { coreTypes } from './knownTypes';
import { LeaseLostError } from './LeaseLostError';
import { hasCertainlyEnded, type ProcessIdentity } from './processIdentity';

// Work that does not end is left behind: its fence is closed.
const endTimeoutMs = 20_000;

/** @public */
export interface Lease extends ApiObject {
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number;
  };
}

/** @public */
export interface LeaderLeaseOptions {
  client: ClusterClient;
  clock: Clock;
  namespace: string;
  name: string;
  identity: ProcessIdentity;
  durationMs: number;
  renewMs: number;
  /** Annotations to write with each renewal; asked before each. */
  annotations?(): Promise<Record<string, string>> | Record<string, string>;
  /** Runs while the lease is held; the signal is aborted when it is lost. */
  onLeading(term: { fence: LeaseFence; signal: AbortSignal }): Promise<void>;
  /** Another process holds the lease. */
  onStandby?(holder: string): void;
  /** An attempt to read or write the lease failed. */
  onError?(error: unknown): void;
  /** An attempt succeeded, after failures or for the first time. */
  onContact?(): void;
}

/**
 * Takes and keeps a `coordination.k8s.io` Lease, so that one of any number of
 * processes does the work of a cluster (client-go: leader election).
 *
 * Another's lease is taken when its record did not change for its whole
 * duration by our monotonic clock: clocks of machines are not compared. On the
 * same machine a holder whose process is gone need not be waited for.
 */
export class LeaderLease {
  private readonly options: LeaderLeaseOptions;
  private observed: { version: string; at: number } | undefined;

  constructor(options: LeaderLeaseOptions) {
    this.options = options;
  }

  /** Stands for election until the signal is aborted; then releases the lease. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, renewMs, onError, onContact } = this.options;
    const pollMs = Math.max(200, Math.min(renewMs / 2, 1_000));
    let failures = 0;
    while (!signal.aborted) {
      try {
        const taken = await this.tryTake(signal);
        failures = 0;
        onContact?.();
        if (taken) await this.lead(taken, signal);
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        onError?.(error);
      }
      const pause =
        failures > 0
          ? backoffMs(failures, { firstMs: pollMs, maxMs: 10_000 })
          : pollMs;
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  private async tryTake(
    signal: AbortSignal,
  ): Promise<{ lease: Lease; fence: LeaseFence } | undefined> {
    const { client, clock, namespace, name, identity } = this.options;
    const current = await client.get<Lease>(
      coreTypes.leases,
      { namespace, name },
      { signal },
    );
    const at = clocks(clock);
    if (current && !this.mayTake(current)) {
      this.options.onStandby?.(current.spec?.holderIdentity ?? '');
      return undefined;
    }
    const wanted = this.renewal(
      current ?? {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace, name },
      },
      await this.options.annotations?.(),
      current?.spec?.holderIdentity !== identity.text,
    );
    try {
      const lease = current
        ? await client.replace(coreTypes.leases, wanted, { signal })
        : await client.create(coreTypes.leases, wanted, { signal });
      return { lease, fence: new LeaseFence(clock, this.validMs(), at) };
    } catch (error) {
      // Somebody was faster: look again at the next poll.
      if (isConflict(error) || isAlreadyExists(error)) return undefined;
      throw error;
    }
  }

  private mayTake(lease: Lease): boolean {
    const { clock, identity, durationMs } = this.options;
    const holder = lease.spec?.holderIdentity;
    if (!holder || holder === identity.text) return true;
    if (hasCertainlyEnded(holder, identity)) return true;
    const version = `${lease.metadata.uid} ${lease.spec?.renewTime} ${holder}`;
    if (this.observed?.version !== version) {
      this.observed = { version, at: clock.monotonic() };
      return false;
    }
    const seconds = lease.spec?.leaseDurationSeconds;
    const duration = seconds ? seconds * 1000 : durationMs;
    return clock.monotonic() - this.observed.at > duration;
  }

  private async lead(
    taken: { lease: Lease; fence: LeaseFence },
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.options;
    const { fence } = taken;
    const lost = new AbortController();
    const term = AbortSignal.any([signal, lost.signal]);
    const end = (reason: unknown) => {
      fence.close();
      lost.abort(reason);
    };
    // A stopped and woken process notices here, whatever else it waits for.
    const watchdog = setInterval(() => {
      if (!fence.isOpen()) end(new LeaseLostError());
    }, 500);
    const work = this.options
      .onLeading({ fence, signal: term })
      .catch(error => {
        if (!term.aborted) this.options.onError?.(error);
      })
      .finally(() => end(new LeaseLostError('The engine stopped leading')));
    try {
      await this.keep(taken.lease, fence, term);
    } finally {
      // On an orderly end the work stops first, and the lease is held until it
      // has: only then may another begin.
      lost.abort(new LeaseLostError());
      clearInterval(watchdog);
      await Promise.race([work, clock.sleep(endTimeoutMs)]);
      end(new LeaseLostError());
      if (signal.aborted) await this.release();
    }
  }

  private async keep(
    first: Lease,
    fence: LeaseFence,
    term: AbortSignal,
  ): Promise<void> {
    const { client, clock, renewMs, identity, onError, onContact } =
      this.options;
    let lease = first;
    let pause = renewMs;
    while (!term.aborted) {
      await clock.sleep(pause, term).catch(() => undefined);
      if (term.aborted) break;
      const at = clocks(clock);
      try {
        const annotations = await this.options.annotations?.();
        fence.check();
        lease = await client.replace(
          coreTypes.leases,
          this.renewal(lease, annotations, false),
          { signal: AbortSignal.any([term, AbortSignal.timeout(renewMs)]) },
        );
        fence.renew(at);
        onContact?.();
        pause = renewMs;
      } catch (error) {
        if (term.aborted) break;
        onError?.(error);
        pause = 1_000;
        const current = await this.read(term);
        if (current === 'unknown') continue;
        if (current?.spec?.holderIdentity !== identity.text) break;
        lease = current;
      }
    }
  }

  private async read(
    signal: AbortSignal,
  ): Promise<Lease | undefined | 'unknown'> {
    const { client, namespace, name, renewMs } = this.options;
    try {
      return await client.get<Lease>(
        coreTypes.leases,
        { namespace, name },
        { signal: AbortSignal.any([signal, AbortSignal.timeout(renewMs)]) },
      );
    } catch {
      // The renewal failed already, and said why.
      return 'unknown';
    }
  }

  private async release(): Promise<void> {
    const { client, namespace, name, identity } = this.options;
    const signal = AbortSignal.timeout(3_000);
    try {
      const current = await client.get<Lease>(
        coreTypes.leases,
        { namespace, name },
        { signal },
      );
      if (current?.spec?.holderIdentity !== identity.text) return;
      await client.replace<Lease>(
        coreTypes.leases,
        { ...current, spec: { ...current.spec, holderIdentity: '' } },
        { signal },
      );
    } catch (error) {
      this.options.onError?.(error);
    }
  }

  private renewal(
    lease: Lease,
    annotations: Record<string, string> | undefined,
    newHolder: boolean,
  ): Lease {
    const { clock, identity, durationMs } = this.options;
    const now = new Date(clock.now()).toISOString().replace('Z', '000Z');
    return {
      ...lease,
      metadata: {
        ...lease.metadata,
        annotations: { ...lease.metadata.annotations, ...annotations },
      },
      spec: {
        ...lease.spec,
        holderIdentity: identity.text,
        leaseDurationSeconds: Math.ceil(durationMs / 1000),
        renewTime: now,
        ...(newHolder
          ? {
              acquireTime: now,
              leaseTransitions: (lease.spec?.leaseTransitions ?? -1) + 1,
            }
          : {}),
      },
    };
  }

  private validMs(): number {
    return (
      this.options.durationMs - Math.min(2_000, this.options.durationMs / 5)
    );
  }
}

function clocks(clock: Clock): { now: number; monotonic: number } {
  return { now: clock.now(), monotonic: clock.monotonic() };
}
