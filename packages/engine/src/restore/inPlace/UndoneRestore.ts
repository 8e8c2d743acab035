import type { Restore } from '@lifeboat/velero-api';
import { changeObject } from '../../backup/changeObject';
import { coreTypes, veleroTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { findClaimUsers } from './claimUsers';
import { forEachClaim } from './forEachClaim';
import type { InPlaceOptions } from './InPlaceRestore';
import {
  type InPlaceState,
  readInPlaceState,
  withInPlaceState,
} from './InPlaceState';
import {
  giveVolume,
  keepVolume,
  swapContext,
  type SwapContext,
  useVolume,
} from './swapVolumes';
import { type UndoState, withUndoState } from './undoRequest';
import { type UndoFacts, whyNotUndone } from './whyNotUndone';
import {
  listWorkloads,
  startWorkload,
  stopWorkload,
  waitForPodsToEnd,
} from './workloads';

/** Both volumes of a claim are kept at least as long as this while they are exchanged. */
const leastKeptSeconds = 3600;

/** What undoing a restore needs besides what the restore needed. */
export interface UndoOptions extends Omit<InPlaceOptions, 'signal'> {
  /** Why it may not be done, or undefined. */
  mayNot(): Promise<string | undefined>;
  /** Why a workload may not be stopped, or undefined. */
  mayStop(workload: KubernetesObject): string | undefined;
}

/**
 * Gives the claims of a restore their old volumes back: stops the workloads, exchanges the volumes, starts the workloads. The
 * volumes that the restore had made are kept in their turn. Each step is on the Restore before it is taken, and may be repeated.
 */
export class UndoneRestore {
  private constructor(
    private restore: Restore,
    private readonly options: UndoOptions,
    private state: InPlaceState,
  ) {}

  /** Does what the annotation asks for, and says on the Restore what became of it. */
  static async begin(restore: Restore, options: UndoOptions): Promise<void> {
    const state = readInPlaceState(restore);
    const problems = whyNotUndone(
      restore.metadata.name ?? '',
      state,
      await factsOf(state, options),
    );
    const users =
      state && problems.length === 0
        ? await usersOf(state, options)
        : { workloads: [], problems: [] };
    problems.push(...users.problems);
    const refused = problems.length === 0 && (await options.mayNot());
    if (refused) {
      problems.push(refused);
    }
    if (!state || problems.length > 0) {
      await changeObject(
        reachOf(options),
        veleroTypes.restores,
        restore,
        current =>
          withUndoState(
            current,
            'refused',
            `the restore cannot be undone: ${problems.join(
              '; ',
            )}. Nothing was changed`,
          ),
      );
      return;
    }
    const undone = new UndoneRestore(restore, options, state);
    await undone.save(
      { stage: 'undoing', workloads: users.workloads },
      'running',
      'the claims are getting their old volumes',
    );
    await undone.finish();
  }

  /** Takes up what an earlier engine left. */
  static async resume(
    restore: Restore,
    options: UndoOptions,
    state: InPlaceState,
  ): Promise<void> {
    await new UndoneRestore(restore, options, state).finish();
  }

  private async finish(): Promise<void> {
    const { claims } = this.state;
    try {
      const swap = this.swapContext(leastKeptSeconds);
      await forEachClaim(claims, async claim => {
        await keepVolume(claim.oldVolume, claim.oldPolicy, claim, swap);
        await keepVolume(claim.newVolume!, claim.newPolicy, claim, swap);
      });
      await this.stop();
      await forEachClaim(claims, claim =>
        giveVolume(claim, claim.oldVolume, swap),
      );
    } catch (error) {
      this.options.engineSignal.throwIfAborted();
      await this.goBack(error as Error);
      return;
    }
    const swap = this.swapContext();
    await forEachClaim(claims, async claim => {
      await keepVolume(claim.newVolume!, claim.newPolicy, claim, swap);
      await useVolume(claim.oldVolume, claim.oldPolicy, swap);
    });
    await this.start();
    await this.save(
      { stage: 'undone', workloads: [], undoUntil: swap.undoUntil },
      'done',
      `the claims have their old volumes, and their workloads are running again; the volumes with the restored data are kept until ${swap.undoUntil}`,
    );
  }

  /** The claims keep the restored data. */
  private async goBack({ message }: Error): Promise<void> {
    const { claims } = this.state;
    const swap = this.swapContext();
    await forEachClaim(claims, async claim => {
      await giveVolume(claim, claim.newVolume!, swap);
      await useVolume(claim.newVolume!, claim.newPolicy, swap);
      await keepVolume(claim.oldVolume, claim.oldPolicy, claim, swap);
    });
    await this.start();
    await this.save(
      { stage: 'done', workloads: [], undoUntil: swap.undoUntil },
      'failed',
      `the restore could not be undone: ${message}. The claims have their restored data, and their workloads are running again`,
    );
  }

  private async stop(): Promise<void> {
    const { options, state } = this;
    const reach = reachOf(options);
    for (const workload of state.workloads) {
      options.log(`stopping ${workload.kind} ${workload.name}`);
      await stopWorkload(workload, state.namespace, options.discovery, reach);
    }
    await waitForPodsToEnd(
      new Set(state.claims.map(({ name }) => name)),
      state.namespace,
      reach,
    );
  }

  private async start(): Promise<void> {
    const { options, state } = this;
    for (const workload of [...state.workloads].reverse()) {
      await startWorkload(
        workload,
        state.namespace,
        options.discovery,
        reachOf(options),
      );
    }
  }

  private swapContext(leastSeconds = 0): SwapContext {
    return swapContext(
      this.options,
      this.restore,
      this.state.namespace,
      Math.max(this.options.undoSeconds, leastSeconds),
    );
  }

  private async save(
    change: Partial<InPlaceState>,
    undo: UndoState,
    message: string,
  ): Promise<void> {
    this.state = { ...this.state, ...change };
    this.restore = await changeObject(
      reachOf(this.options),
      veleroTypes.restores,
      this.restore,
      current =>
        withUndoState(withInPlaceState(current, this.state), undo, message),
    );
  }
}

function reachOf({ client, clock, engineSignal }: UndoOptions) {
  return { client, clock, signal: engineSignal };
}

async function factsOf(
  state: InPlaceState | undefined,
  options: UndoOptions,
): Promise<UndoFacts[]> {
  const { client, signal } = reachOf(options);
  return Promise.all(
    (state?.claims ?? []).map(async claim => ({
      claim,
      live: await client.get(
        coreTypes.persistentVolumeClaims,
        { namespace: state!.namespace, name: claim.name },
        { signal },
      ),
      oldVolume: await client.get(
        coreTypes.persistentVolumes,
        { name: claim.oldVolume },
        { signal },
      ),
    })),
  );
}

async function usersOf(
  { namespace, claims }: InPlaceState,
  options: UndoOptions,
) {
  const objects = await listWorkloads(
    namespace,
    options.discovery,
    reachOf(options),
  );
  const { workloads, problems } = findClaimUsers(
    new Set(claims.map(({ name }) => name)),
    objects,
  );
  const refused = workloads.flatMap(workload => {
    const object = objects.find(
      ({ metadata }) => metadata.uid === workload.uid,
    );
    return (object && options.mayStop(object)) ?? [];
  });
  return { workloads, problems: [...problems, ...refused] };
}
