import { readFileSync } from 'fs';
import { mkdtemp, readdir, rm } from 'fs/promises';
import { tmpdir } from 'os';
import { join } from 'path';
import { processIsRunning } from '../cluster/processIdentity';

const prefix = 'lifeboat-spool-';

/** A private folder (mode 0700) for the temporary files of one run. */
export class SpoolFolder {
  private constructor(readonly path: string) {}

  static async create(): Promise<SpoolFolder> {
    return new SpoolFolder(
      await mkdtemp(
        join(
          tmpdir(),
          `${prefix}${process.pid}-${startOf(process.pid) ?? 'unknown'}-`,
        ),
      ),
    );
  }

  /** Path of a file in the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Removes the folder; never throws. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => {});
  }
}

/** When a process began, in the kernel's ticks since boot; undefined where only the system knows (all but Linux). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Whether the process that a spool folder is named after has ended, also when its number has been given to another. */
function isAbandoned(pid: number, start: string): boolean {
  const now = startOf(pid);
  return now === undefined || start === 'unknown'
    ? pid !== process.pid && !processIsRunning(pid)
    : now !== start;
}

/** Removes spool folders that processes left behind when they died. */
export async function removeAbandonedSpools(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const [, pid, start] = /^lifeboat-spool-(\d+)-(\w+)-/.exec(name) ?? [];
    if (pid && isAbandoned(Number(pid), start)) {
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(
        () => {},
      );
    }
  }
}
