import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const ROUNDS = 50;
const ROUND_MS = 5;

/** By what the processes of pods are found. */
export interface ProcessOrigins {
  /** Their first processes; all descendants count. */
  pids: number[];
  /** Values of LIFEBOAT_POD_ROOT in their environment: finds those that left their parents. */
  podRoots: string[];
}

interface ProcessFact {
  pid: number;
  parent: number;
  stopped: boolean;
}

async function linuxProcesses(): Promise<ProcessFact[]> {
  const facts: ProcessFact[] = [];
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name)) {
      const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(
        () => '',
      );
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state && state !== 'Z') {
        facts.push({
          pid: Number(name),
          parent: Number(parent),
          stopped: state === 'T' || state === 't',
        });
      }
    }
  }
  return facts;
}

async function listedProcesses(): Promise<ProcessFact[]> {
  const { stdout } = await promisify(execFile)('ps', [
    '-A',
    '-o',
    'pid=,ppid=,state=',
  ]);
  return stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({
      pid: Number(pid),
      parent: Number(parent),
      stopped: state.startsWith('T'),
    }));
}

async function isOf(pid: number, podRoots: string[]): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(
    () => '',
  );
  return environment
    .split('\0')
    .some(each => podRoots.some(root => each === `LIFEBOAT_POD_ROOT=${root}`));
}

/** All living processes of the origins, and whether each stands still. */
async function processesOf({
  pids,
  podRoots,
}: ProcessOrigins): Promise<ProcessFact[]> {
  const linux = existsSync('/proc/self/stat');
  const all = linux ? await linuxProcesses() : await listedProcesses();
  const found = new Set(pids);
  if (linux && podRoots.length > 0) {
    for (const { pid } of all) {
      if (!found.has(pid) && (await isOf(pid, podRoots))) found.add(pid);
    }
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
  return all.filter(({ pid }) => found.has(pid));
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Stops the processes of pods while something else looks at their files, and lets them go on afterwards. */
export class ProcessPause {
  private readonly holders = new Map<number, number>();

  /** Runs the work while every process of the origins stands still; they go on however the work ends. */
  async during<T>(origins: ProcessOrigins, work: () => Promise<T>): Promise<T> {
    const held = new Set<number>();
    try {
      await this.stopAll(origins, held);
      return await work();
    } finally {
      for (const pid of held) this.release(pid);
    }
  }

  private async stopAll(
    origins: ProcessOrigins,
    held: Set<number>,
  ): Promise<void> {
    if (origins.pids.length === 0 && origins.podRoots.length === 0) return;
    for (let round = 0; round < ROUNDS; round += 1) {
      const present = await processesOf(origins);
      for (const { pid } of present) {
        if (!held.has(pid)) {
          held.add(pid);
          this.holders.set(pid, (this.holders.get(pid) ?? 0) + 1);
          send(pid, 'SIGSTOP');
        }
      }
      if (present.every(each => each.stopped)) return;
      await sleep(ROUND_MS);
    }
  }

  private release(pid: number): void {
    const count = (this.holders.get(pid) ?? 1) - 1;
    if (count > 0) {
      this.holders.set(pid, count);
      return;
    }
    this.holders.delete(pid);
    send(pid, 'SIGCONT');
  }
}
