import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../cluster/eventually';
import type { EngineStage } from '../engine/EngineStage';

/** What is done in each round, by the number of writes after which the engine dies. */
export interface CrashRound {
  /** Before the engine that will die is started. */
  prepare?(writes: number): Promise<unknown>;
  /** Asks for what the engine shall do. */
  begin(writes: number): Promise<unknown>;
  /** Waits until it is done. */
  end(writes: number): Promise<unknown>;
  /** Looks at what has become of it. */
  check(writes: number): Promise<unknown>;
}

/** How many rounds there are, and how patient they are. */
export interface CrashRounds {
  /** Writes that each round adds; 1 where nothing is said. */
  step?: number;
  /** No engine writes more often. */
  mostWrites?: number;
  /** How long an engine may take to die or to end its work. */
  withinMs?: number;
}

/**
 * Lets an engine die after its first write, the next one after its second, and so on, until one lives to the end; after each death
 * another one finishes the work.
 *
 * @param controllers - whose writes count, separated by commas
 * @returns in which round the engine lived
 */
export async function crashAtEveryWrite(
  stage: EngineStage,
  controllers: string,
  round: CrashRound,
  { step = 1, mostWrites = 60, withinMs = 60_000 }: CrashRounds = {},
): Promise<number> {
  for (let writes = step; writes <= mostWrites; writes += step) {
    await round.prepare?.(writes);
    await stage.restartEngine({
      LIFEBOAT_FAULT_KILL_AFTER_WRITES: String(writes),
      LIFEBOAT_FAULT_KILL_CONTROLLERS: controllers,
    });
    await round.begin(writes);
    const isDead = () => !stage.isEngineAlive();
    await Promise.race([
      round.end(writes).catch(() => undefined),
      eventually('the engine dies', isDead, withinMs).catch(() => undefined),
    ]);
    // A last write may end the work and the process at once.
    await delay(300);
    const died = isDead();
    if (died) {
      await stage.restartEngine();
      await round.end(writes);
    }
    await round.check(writes);
    if (!died) return writes;
  }
  throw new Error(`The engine wrote more than ${mostWrites} times`);
}
