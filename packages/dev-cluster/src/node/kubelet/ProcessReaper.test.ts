import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_MARK, ProcessReaper } from './ProcessReaper';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (!isAlive(pid)) return true;
    await sleep(50);
  }
  return false;
}

function sleeper(env: NodeJS.ProcessEnv = {}): number {
  const child = spawn('sleep', ['60'], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  return child.pid ?? 0;
}

describe('ProcessReaper', () => {
  it('ends the groups it knows when its parent is gone', async () => {
    const reaper = new ProcessReaper();
    const kept = sleeper();
    const known = sleeper();
    reaper.add(kept);
    reaper.add(known);
    reaper.remove(kept);
    await reaper.stop();
    expect(await gone(known)).toBe(true);
    expect(isAlive(kept)).toBe(true);
    process.kill(kept, 'SIGKILL');
  });

  it('finds processes by their mark when nobody has named them', async () => {
    const reaper = new ProcessReaper();
    const pid = sleeper({ [NODE_MARK]: reaper.mark });
    // Only Linux shows the environment of processes; elsewhere the pid must be known.
    if (process.platform !== 'linux') reaper.add(pid);
    await sleep(100);
    await reaper.stop();
    expect(await gone(pid)).toBe(true);
  });
});
