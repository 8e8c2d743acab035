import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EngineMessage } from '@lifeboat/engine';
import { root, startProcess } from './childProcess';
import { eventually } from './eventually';

const bundle = path.join(root, 'packages/engine/assets/engine.cjs');

/** An engine as a process of its own, as the portal starts it. */
export interface RunningEngine {
  pid: number;
  /** What it told its parent, oldest first. */
  messages: EngineMessage[];
  /** Its log. */
  log(): string;
  signal(signal: NodeJS.Signals): void;
  /** Waits until the engine says that it is in a state. */
  untilState(
    state: 'leading' | 'standby' | 'paused' | 'unreachable',
    cluster?: string,
    timeoutMs?: number,
  ): Promise<void>;
  stop(): Promise<number | string | null>;
}

/**
 * Starts an engine with short intervals.
 *
 * @param config - a part of EngineConfig; `clusters` is needed
 * @param environment - further environment variables of the process
 */
export function startEngine(
  config: { clusters: object[] } & Record<string, unknown>,
  environment: Record<string, string> = {},
): RunningEngine {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-engine-'));
  const file = path.join(folder, 'config.json');
  writeFileSync(
    file,
    JSON.stringify({
      garbageCollectionSeconds: 1,
      validationSeconds: 2,
      sync: { periodSeconds: 1 },
      ...config,
    }),
  );
  const running = startProcess(process.execPath, [bundle, '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...environment },
  });
  const messages: EngineMessage[] = [];
  running.child.on('message', message =>
    messages.push(message as EngineMessage),
  );
  return {
    pid: running.child.pid ?? 0,
    messages,
    log: running.errors,
    signal: signal => {
      running.child.kill(signal);
    },
    untilState: async (state, cluster, timeoutMs) => {
      await eventually(
        `the engine is ${state}\n${running.errors().slice(-3000)}`,
        () => {
          const states = messages.filter(
            message =>
              message.type === 'cluster' &&
              (cluster === undefined || message.name === cluster),
          );
          const last = states.at(-1);
          return last?.type === 'cluster' && last.state === state;
        },
        timeoutMs,
      );
    },
    stop: async () => {
      const end = await running.stop();
      rmSync(folder, { recursive: true, force: true });
      return end;
    },
  };
}
