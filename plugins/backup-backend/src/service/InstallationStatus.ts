import type { Status } from '@lifeboat/backstage-plugin-backup-common';
import type { Cluster } from '../clusters/Cluster';
import type { Clusters } from '../clusters/Clusters';
import type { EngineMode } from '../config/BackupConfig';
import type { EngineProcessState } from '../engine/EngineProcess';
import { carriedProblem } from '../problems/problemError';
import type { Clock } from './Clock';
import { engineHealth } from './engineHealth';
import { storageStates } from './storageStates';

type ClusterStatus = Status['clusters'][number];

const clusterTimeoutMs = 5_000;

/** The whole installation, for admins: clusters, engines, storage. */
export class InstallationStatus {
  constructor(
    private readonly options: {
      clusters: Clusters;
      mode: EngineMode;
      /** State of the engine process of this replica; undefined when it has none. */
      engineProcess: () => EngineProcessState | undefined;
      clock: Clock;
    },
  ) {}

  async get(): Promise<Status> {
    const { clusters, mode, engineProcess } = this.options;
    const process = engineProcess();
    return {
      engine: process
        ? { mode, ...process }
        : { mode, state: 'not-managed', restarts: 0 },
      clusters: await Promise.all(
        clusters.all().map(cluster => this.#clusterStatus(cluster)),
      ),
    };
  }

  async #clusterStatus(cluster: Cluster): Promise<ClusterStatus> {
    const { mode, clock } = this.options;
    const named = {
      name: cluster.name,
      ...(cluster.title && { title: cluster.title }),
    };
    try {
      const [locations, lease] = await within(
        clusterTimeoutMs,
        Promise.all([
          cluster.control.locations.list(),
          cluster.control.engineLease(),
        ]),
      );
      return {
        ...named,
        reachable: true,
        engine: engineHealth(lease, { mode, now: clock.now() }),
        storage: storageStates(locations),
      };
    } catch (error) {
      return {
        ...named,
        reachable: false,
        message: carriedProblem(error)?.message ?? (error as Error).message,
        engine: { state: 'unknown' },
        storage: [],
      };
    }
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () =>
            reject(
              new Error(`no answer within ${milliseconds / 1000} seconds`),
            ),
          milliseconds,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
