import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../cluster/eventually';
import type { EngineStage } from '../engine/EngineStage';

const mostWrites = 60;

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
): Promise<number> {
  for (let writes = 1; writes <= mostWrites; writes += 1) {
    await round.prepare?.(writes);
    await stage.restartEngine({
      LIFEBOAT_FAULT_KILL_AFTER_WRITES: String(writes),
      LIFEBOAT_FAULT_KILL_CONTROLLERS: controllers,
    });
    await round.begin(writes);
    const isDead = () => !stage.isEngineAlive();
    await Promise.race([
      round.end(writes).catch(() => undefined),
      eventually('the engine dies', isDead, 60_000).catch(() => undefined),
    ]);
    // A last write may end the work and the process at once.
    await delay(200);
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
