import {
  type Backup,
  type DataDownload,
  isTerminalDataPathPhase,
  type ObjectMeta,
  type Restore,
} from '@lifeboat/velero-api';
import { changeObject } from '../../backup/changeObject';
import { stringAt } from '../../backup/jsonPath';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { createOrFind } from '../../cluster/createOrFind';
import type { Discovery } from '../../cluster/Discovery';
import { coreTypes, veleroTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { selectedNodeAnnotation } from '../../volumes/expose/temporaryClaim';
import type { RepositoryData } from '../volumes/VolumeRecords';
import { findClaimUsers } from './claimUsers';
import { forEachClaim } from './forEachClaim';
import {
  type InPlaceClaim,
  type InPlaceState,
  readInPlaceState,
  withInPlaceState,
} from './InPlaceState';
import { inPlaceClaim, stagingClaim, stagingDownload } from './stageClaim';
import {
  keepVolumes,
  moveBack,
  moveToNewVolume,
  swapContext,
  type SwapContext,
} from './swapVolumes';
import {
  isStopped,
  listWorkloads,
  startWorkload,
  stopWorkload,
  waitForPodsToEnd,
} from './workloads';

/** A claim that is there, and the content that it shall get. */
export interface ExistingClaim {
  live: KubernetesObject;
  data: RepositoryData;
  /** UID of the claim in the backup. */
  originalUid: string;
}

/** Everything that a restore into existing claims needs. */
export interface InPlaceOptions {
  client: ClusterClient;
  clock: Clock;
  controlNamespace: string;
  discovery: Discovery;
  undoSeconds: number;
  /** Ends the writing of content, while nothing is stopped yet. */
  signal: AbortSignal;
  /** Ends only with the engine's leadership: what was stopped must be started again. */
  engineSignal: AbortSignal;
  log(message: string): void;
}

/** The content could not be restored in place, and everything is as it was. */
export class InPlaceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InPlaceError';
  }
}

const lookEveryMs = 200;

/**
 * Restores content into claims that are there. The content is written to new volumes first, in the control namespace, while the
 * application runs; only then are its workloads stopped, the volumes exchanged and the workloads started again. The old volumes
 * are kept. Each step is on the Restore before it is taken.
 */
export class InPlaceRestore {
  private state: InPlaceState;

  private constructor(
    private restore: Restore,
    private readonly options: InPlaceOptions,
    state: InPlaceState,
  ) {
    this.state = state;
  }

  /** Takes up what an earlier engine left. */
  static resume(
    restore: Restore,
    options: InPlaceOptions,
    state: InPlaceState,
  ): InPlaceRestore {
    return new InPlaceRestore(restore, options, state);
  }

  /**
   * Writes the content of claims to new volumes, beside the running application. What an earlier engine has begun is gone on with.
   *
   * @param mayStop - why a workload may not be stopped, or undefined
   * @throws InPlaceError when it cannot be done; nothing of the application was touched
   */
  static async stage(
    restore: Restore,
    backup: Backup,
    namespace: string,
    claims: readonly ExistingClaim[],
    mayStop: (workload: KubernetesObject) => string | undefined,
    options: InPlaceOptions,
  ): Promise<InPlaceRestore> {
    const names = new Set(claims.map(({ live }) => live.metadata.name ?? ''));
    const objects = await listWorkloads(namespace, options.discovery, options);
    const users = findClaimUsers(names, objects);
    const problems = [
      ...users.problems,
      ...users.workloads.flatMap(workload => {
        const object = objects.find(
          ({ metadata }) => metadata.uid === workload.uid,
        );
        const problem = object && mayStop(object);
        return problem ? [problem] : [];
      }),
    ];
    if (problems.length > 0) {
      throw impossible(problems);
    }
    const prepared = await Promise.all(
      claims.map(async claim => {
        const { live } = claim;
        const staging = stagingClaim(
          restore,
          live,
          users.nodes.get(live.metadata.name ?? '') ??
            live.metadata.annotations?.[selectedNodeAnnotation],
        );
        const download = stagingDownload(
          restore,
          backup,
          claim.data,
          staging.metadata.name ?? '',
          claim.originalUid,
        );
        const volume = await options.client.get(
          coreTypes.persistentVolumes,
          { name: stringAt(live, 'spec', 'volumeName') ?? '' },
          { signal: options.signal },
        );
        return {
          staging,
          download,
          claim: inPlaceClaim(
            live,
            staging.metadata.name ?? '',
            download.metadata.name ?? '',
            stringAt(volume, 'spec', 'persistentVolumeReclaimPolicy') ??
              'Delete',
          ),
        };
      }),
    );
    const inPlace = new InPlaceRestore(restore, options, {
      stage: 'staging',
      namespace,
      claims: prepared.map(({ claim }) => claim),
      workloads: [],
    });
    const before = readInPlaceState(restore)?.claims ?? [];
    await inPlace.dropStaged(
      before.filter(
        ({ staging }) =>
          !inPlace.state.claims.some(claim => claim.staging === staging),
      ),
    );
    await inPlace.save({});
    try {
      for (const { staging, download } of prepared) {
        await inPlace.create(staging, download);
      }
      await inPlace.waitForContent();
    } catch (error) {
      await inPlace.abandon();
      throw error;
    }
    return inPlace;
  }

  /** Keys of the claims, `namespace/name`. */
  get claims(): ReadonlySet<string> {
    return new Set(
      this.state.claims.map(({ name }) => `${this.state.namespace}/${name}`),
    );
  }

  /** Claims and the volumes that they have, or had before. */
  get restored(): readonly InPlaceClaim[] {
    return this.state.claims;
  }

  /**
   * Stops the workloads and exchanges the volumes. When anything goes wrong, the old volumes and the workloads come back.
   *
   * @throws InPlaceError when the claims have their old volumes again
   */
  async exchange(): Promise<void> {
    const { options, state } = this;
    const { discovery, engineSignal: signal, client, clock } = options;
    const reach = { client, signal, clock };
    const names = new Set(state.claims.map(({ name }) => name));
    const { workloads, problems } = findClaimUsers(
      names,
      await listWorkloads(state.namespace, discovery, reach),
    );
    if (problems.length > 0) {
      await this.abandon();
      throw impossible(problems);
    }
    const swap = this.swapContext();
    await this.save({
      stage: 'swapping',
      workloads,
      undoUntil: swap.undoUntil,
      undoSeconds: options.undoSeconds,
    });
    try {
      await forEachClaim(state.claims, claim => keepVolumes(claim, swap));
      for (const workload of workloads) {
        options.log(`stopping ${workload.kind} ${workload.name}`);
        await stopWorkload(workload, state.namespace, discovery, reach);
      }
      await waitForPodsToEnd(names, state.namespace, reach);
      await this.finishExchange();
    } catch (error) {
      signal.throwIfAborted();
      await this.goBack();
      throw new InPlaceError(
        `the volumes of existing claims could not be exchanged: ${
          (error as Error).message
        }. They have their old volumes again`,
      );
    }
  }

  /** Gives every claim its new volume. */
  private async finishExchange(): Promise<void> {
    const swap = this.swapContext();
    await forEachClaim(this.state.claims, claim => {
      this.options.log(
        `claim ${this.state.namespace}/${claim.name} gets volume ${claim.newVolume} in place of ${claim.oldVolume}`,
      );
      return moveToNewVolume(claim, swap);
    });
    await this.save({ stage: 'done' });
  }

  /** Starts what was stopped, in the opposite order. May be repeated. */
  async start(): Promise<void> {
    const { options, state } = this;
    const reach = { client: options.client, signal: options.engineSignal };
    for (const workload of [...state.workloads].reverse()) {
      if (
        await startWorkload(workload, state.namespace, options.discovery, reach)
      ) {
        options.log(`started ${workload.kind} ${workload.name} again`);
      }
    }
    if (state.workloads.length > 0) {
      await this.save({ workloads: [] });
    }
  }

  /**
   * After a crash: goes on where the exchange was, or back when that does not work, and starts the workloads.
   *
   * @returns what has become of it, for people
   */
  async recover(): Promise<string> {
    if (this.state.stage === 'staging') {
      await this.abandon();
      return 'the claims that were there are untouched';
    }
    let text =
      this.state.stage === 'undone'
        ? 'the claims that were there have their old volumes'
        : 'the claims that were there have their restored data';
    if (this.state.stage === 'swapping') {
      try {
        const { options, state } = this;
        await this.checkAllStopped();
        await waitForPodsToEnd(
          new Set(state.claims.map(({ name }) => name)),
          state.namespace,
          {
            client: options.client,
            clock: options.clock,
            signal: options.engineSignal,
          },
          60_000,
        );
        await this.finishExchange();
      } catch (error) {
        this.options.engineSignal.throwIfAborted();
        await this.goBack();
        text = `the claims that were there have their old volumes (${
          (error as Error).message
        })`;
      }
    }
    await this.start();
    return `${text}, and their workloads are running again`;
  }

  /**
   * Going forward needs nobody to be stopped any more: otherwise going back is quicker.
   *
   * @throws Error naming what still runs
   */
  private async checkAllStopped(): Promise<void> {
    const { options, state } = this;
    for (const workload of state.workloads) {
      const stopped = await isStopped(
        workload,
        state.namespace,
        options.discovery,
        { client: options.client, signal: options.engineSignal },
      );
      if (!stopped) {
        throw new Error(
          `${workload.kind} ${workload.name} had not been stopped yet`,
        );
      }
    }
  }

  private async goBack(): Promise<void> {
    const swap = this.swapContext();
    await forEachClaim(this.state.claims, claim => moveBack(claim, swap));
    await this.save({ stage: 'undone', undoUntil: undefined });
    await this.start();
  }

  /** Removes what was written beside the application. */
  private async abandon(): Promise<void> {
    await this.dropStaged(this.state.claims);
    await this.save({ stage: 'undone' });
  }

  private async dropStaged(claims: readonly InPlaceClaim[]): Promise<void> {
    const { client, engineSignal: signal, controlNamespace } = this.options;
    for (const claim of claims) {
      const ref = { namespace: controlNamespace, name: claim.download };
      const download = await client.get<DataDownload>(
        veleroTypes.dataDownloads,
        ref,
        { signal },
      );
      if (download && !isTerminalDataPathPhase(download.status?.phase)) {
        await client.patch(
          veleroTypes.dataDownloads,
          ref,
          { contentType: 'merge', body: { spec: { cancel: true } } },
          { signal },
        );
      }
      await client.delete(
        coreTypes.persistentVolumeClaims,
        { namespace: controlNamespace, name: claim.staging },
        { signal },
      );
    }
  }

  private async create(
    staging: KubernetesObject,
    download: DataDownload,
  ): Promise<void> {
    const { client, clock, signal } = this.options;
    const isOurs = (live: { metadata: ObjectMeta }) =>
      live.metadata.ownerReferences?.[0]?.uid === this.restore.metadata.uid;
    // An earlier engine may have made them.
    await createOrFind(client, coreTypes.persistentVolumeClaims, staging, {
      clock,
      signal,
      isOurs,
    });
    await createOrFind<DataDownload>(
      client,
      veleroTypes.dataDownloads,
      download,
      { clock, signal, isOurs },
    );
  }

  private async waitForContent(): Promise<void> {
    const { client, clock, signal, controlNamespace } = this.options;
    const written: InPlaceClaim[] = [];
    for (const claim of this.state.claims) {
      for (;;) {
        const download = await client.get<DataDownload>(
          veleroTypes.dataDownloads,
          { namespace: controlNamespace, name: claim.download },
          { signal },
        );
        const phase = download?.status?.phase;
        if (phase === 'Completed') {
          break;
        }
        if (!download || isTerminalDataPathPhase(phase)) {
          throw new InPlaceError(
            `the data of claim ${claim.name} could not be written: ${
              download
                ? download.status?.message ||
                  `DataDownload ${claim.download} ended as ${phase}`
                : `DataDownload ${claim.download} has been deleted`
            }. Nothing was changed`,
          );
        }
        await clock.sleep(lookEveryMs, signal);
      }
      written.push(await this.withNewVolume(claim));
    }
    await this.save({ claims: written });
  }

  private async withNewVolume(claim: InPlaceClaim): Promise<InPlaceClaim> {
    const { client, signal, controlNamespace } = this.options;
    const staging = await client.get(
      coreTypes.persistentVolumeClaims,
      { namespace: controlNamespace, name: claim.staging },
      { signal },
    );
    const newVolume = stringAt(staging, 'spec', 'volumeName');
    const volume =
      newVolume &&
      (await client.get(
        coreTypes.persistentVolumes,
        { name: newVolume },
        { signal },
      ));
    if (!staging || !newVolume || !volume) {
      throw new InPlaceError(
        `the volume with the data of claim ${claim.name} has gone. Nothing was changed`,
      );
    }
    return {
      ...claim,
      newVolume,
      newPolicy:
        stringAt(volume, 'spec', 'persistentVolumeReclaimPolicy') ?? 'Delete',
      stagingUid: staging.metadata.uid ?? '',
    };
  }

  private swapContext(): SwapContext {
    return swapContext(
      this.options,
      this.restore,
      this.state.namespace,
      this.options.undoSeconds,
    );
  }

  /** Writes the state to the Restore; only then may it be acted upon. */
  private async save(change: Partial<InPlaceState>): Promise<void> {
    const { client, clock, engineSignal } = this.options;
    this.state = { ...this.state, ...change };
    this.restore = await changeObject(
      { client, clock, signal: engineSignal },
      veleroTypes.restores,
      this.restore,
      current => withInPlaceState(current, this.state),
    );
  }
}

function impossible(problems: readonly string[]): InPlaceError {
  return new InPlaceError(
    `the data of existing claims cannot be restored: ${problems.join(
      '; ',
    )}. Nothing was changed`,
  );
}
