import { lifeboatAnnotations } from '@lifeboat/velero-api';
import { ApiError, isForbidden, isNotFound } from '../cluster/ApiError';
import { backoffMs } from '../cluster/backoff';
import { systemClock, type Clock } from '../cluster/Clock';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { ClusterConnection } from '../cluster/ClusterConnection';
import { createClusterClient } from '../cluster/createClusterClient';
import type { LeaseFence } from '../cluster/Fence';
import { LeaderLease } from '../cluster/LeaderLease';
import type { ProcessIdentity } from '../cluster/processIdentity';
import { withFence } from '../cluster/withFence';
import type { EngineConfig } from '../config/EngineConfig';
import type { Logger } from '../config/Logger';
import type { Controller } from './Controller';
import {
  keyExportWarning,
  type EngineWarning,
} from '../repositories/keys/keyExportWarning';
import { runningVeleroPods } from './detectVelero';
import { ensureCustomResourceDefinitions } from './ensureCustomResourceDefinitions';
import { runControllers } from './runControllers';

const keysEveryMs = 30_000;

/** Name of the engine's Lease in the control namespace. @public */
export const engineLease = 'lifeboat-engine';

/** @public */
export interface ClusterState {
  state: 'leading' | 'standby' | 'paused' | 'unreachable';
  message: string;
}

/** @public */
export interface ClusterEngineOptions {
  connection: ClusterConnection;
  config: EngineConfig;
  identity: ProcessIdentity;
  version: string;
  logger: Logger;
  /** New controllers for each term of leadership: what they remember ends with it. */
  controllers: () => readonly Controller[];
  onState(state: ClusterState): void;
  clock?: Clock;
}

/**
 * The engine for one cluster: waits until it can be reached, stands for
 * election, and runs the controllers while it leads and no Velero runs beside
 * it. Whatever goes wrong concerns this cluster only and is tried again.
 * @public
 */
export class ClusterEngine {
  private readonly options: ClusterEngineOptions;
  private readonly clock: Clock;
  private readonly client: ClusterClient & { close(): void };
  private readonly logger: Logger;
  private reported: string | undefined;
  /** Why nothing is done although the lease is held. */
  private pausedBecause: string | undefined;
  private pause: AbortController | undefined;
  private resume: () => void = () => undefined;
  private veleroUnknown = false;
  private warning: EngineWarning | undefined;
  private keysLookedAt = -Infinity;

  constructor(options: ClusterEngineOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger.child({ cluster: options.connection.name });
    this.client = createClusterClient(options.connection, {
      concurrency: options.config.concurrency.requests,
      userAgent: `lifeboat-engine/${options.version}`,
      clock: this.clock,
    });
  }

  /** Runs until the signal is aborted; then gives up the lease. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    try {
      while (!signal.aborted) {
        try {
          await this.prepare(signal);
          failures = 0;
          await this.stand(signal);
        } catch (error) {
          if (signal.aborted) break;
          failures++;
          this.report({ state: 'unreachable', message: this.explain(error) });
          await this.clock
            .sleep(
              backoffMs(failures, { firstMs: 1_000, maxMs: 30_000 }),
              signal,
            )
            .catch(() => undefined);
        }
      }
    } finally {
      this.client.close();
    }
  }

  private async prepare(signal: AbortSignal): Promise<void> {
    const { created } = await ensureCustomResourceDefinitions({
      client: this.client,
      clock: this.clock,
      signal,
    });
    if (created.length > 0) {
      this.logger.info({ created }, 'Custom resource definitions were created');
    }
  }

  private async stand(signal: AbortSignal): Promise<void> {
    const { config, identity, version } = this.options;
    const lease = new LeaderLease({
      client: this.client,
      clock: this.clock,
      namespace: config.namespace,
      name: engineLease,
      identity,
      durationMs: config.lease.durationSeconds * 1000,
      renewMs: config.lease.renewSeconds * 1000,
      annotations: async () => {
        await this.lookForVelero(signal);
        await this.lookAtKeys(signal);
        return {
          [lifeboatAnnotations.engineState]: JSON.stringify({
            state: this.pausedBecause ? 'paused' : 'running',
            ...(this.pausedBecause ? { reason: this.pausedBecause } : {}),
            version,
            ...(this.warning ? { warnings: [this.warning] } : {}),
          }),
        };
      },
      onLeading: term => this.lead(term),
      onStandby: holder =>
        this.report({
          state: 'standby',
          message: `Another engine leads: ${holder}`,
        }),
      onError: error => {
        this.logger.warn({ error: this.explain(error) }, 'Lease');
        this.report({ state: 'unreachable', message: this.explain(error) });
      },
      onContact: () => this.reportLeading(),
    });
    await lease.run(signal);
  }

  private leads = false;

  private async lead(term: {
    fence: LeaseFence;
    signal: AbortSignal;
  }): Promise<void> {
    const { config, connection, controllers } = this.options;
    this.leads = true;
    this.logger.info('Leading');
    try {
      for (let failures = 0; !term.signal.aborted; ) {
        this.reportLeading();
        if (this.pausedBecause) {
          await this.untilResumed(term.signal);
          continue;
        }
        this.pause = new AbortController();
        const started = this.clock.monotonic();
        try {
          await runControllers(controllers(), {
            client: withFence(this.client, term.fence),
            beforeWrite: () => term.fence.check(),
            namespace: config.namespace,
            clusterName: connection.name,
            config,
            logger: this.logger,
            signal: AbortSignal.any([term.signal, this.pause.signal]),
            clock: this.clock,
          });
        } catch (error) {
          if (term.signal.aborted || this.pause.signal.aborted) continue;
          failures =
            this.clock.monotonic() - started > 60_000 ? 1 : failures + 1;
          this.logger.error(
            { error: this.explain(error) },
            'The controllers ended and start again',
          );
          await this.clock
            .sleep(
              backoffMs(failures, { firstMs: 1_000, maxMs: 30_000 }),
              term.signal,
            )
            .catch(() => undefined);
        }
      }
    } finally {
      this.leads = false;
      this.logger.info('No longer leading');
    }
  }

  /** Runs before each renewal of the lease. */
  private async lookForVelero(signal: AbortSignal): Promise<void> {
    const { namespace } = this.options.config;
    let pods: string[] = [];
    try {
      pods = await runningVeleroPods(
        this.client,
        namespace,
        AbortSignal.any([signal, AbortSignal.timeout(3_000)]),
      );
    } catch (error) {
      // The lease is renewed all the same: a slow answer must not lose it.
      if (!isForbidden(error)) return;
      if (!this.veleroUnknown) {
        this.veleroUnknown = true;
        this.logger.warn(
          { namespace },
          'The engine may not list pods in its namespace, so a Velero running there would go unnoticed',
        );
      }
    }
    const before = this.pausedBecause;
    this.pausedBecause =
      pods.length > 0
        ? `Velero runs in namespace ${namespace} (pod ${pods.join(
            ', ',
          )}) and does the work; set backup.engine to "velero", or scale it down`
        : undefined;
    if (this.pausedBecause === before) return;
    if (this.pausedBecause) {
      this.logger.warn({ reason: this.pausedBecause }, 'Paused');
      this.pause?.abort(new Error(this.pausedBecause));
    } else {
      this.logger.info('Resumed');
      this.resume();
    }
    this.reportLeading();
  }

  /** Whether an administrator has to be warned; runs before renewals of the lease, now and then. */
  private async lookAtKeys(signal: AbortSignal): Promise<void> {
    const now = this.clock.monotonic();
    if (now < this.keysLookedAt + keysEveryMs) return;
    this.keysLookedAt = now;
    try {
      const warning = await keyExportWarning({
        client: this.client,
        namespace: this.options.config.namespace,
        signal: AbortSignal.any([signal, AbortSignal.timeout(3_000)]),
      });
      if (warning && !this.warning) this.logger.warn({ ...warning }, 'Warning');
      this.warning = warning;
    } catch (error) {
      // The lease is renewed all the same, and what was known stays.
      this.logger.debug(
        { error: this.explain(error) },
        'Whether keys were exported could not be found out',
      );
    }
  }

  private async untilResumed(signal: AbortSignal): Promise<void> {
    await new Promise<void>(resolve => {
      this.resume = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (!this.pausedBecause) resolve();
    });
  }

  private reportLeading(): void {
    if (!this.leads) return;
    this.report(
      this.pausedBecause
        ? { state: 'paused', message: this.pausedBecause }
        : { state: 'leading', message: '' },
    );
  }

  private report(state: ClusterState): void {
    const text = JSON.stringify(state);
    if (text === this.reported) return;
    this.reported = text;
    this.logger[state.state === 'unreachable' ? 'warn' : 'info'](
      { ...state },
      'State of the cluster',
    );
    this.options.onState(state);
  }

  private explain(error: unknown): string {
    const { config, connection } = this.options;
    if (
      isNotFound(error) &&
      (error as ApiError).message.includes('namespaces')
    ) {
      return `Namespace ${config.namespace} does not exist in cluster ${connection.name}: kubectl create namespace ${config.namespace}`;
    }
    if (isForbidden(error)) {
      return `The engine's account lacks a right in cluster ${
        connection.name
      }: ${(error as Error).message}. Apply the roles in deploy/`;
    }
    if (error instanceof ApiError && error.code === 401) {
      return `Cluster ${connection.name} refused the credentials: check the token or certificate of its configuration`;
    }
    return error instanceof Error ? error.message : String(error);
  }
}
