import { mkdtemp, readdir, rm } from 'fs/promises';
import { tmpdir } from 'os';
import { join } from 'path';

const prefix = 'lifeboat-spool-';

/** A private folder (mode 0700) for the temporary files of one run. */
export class SpoolFolder {
  private constructor(readonly path: string) {}

  static async create(): Promise<SpoolFolder> {
    return new SpoolFolder(
      await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`)),
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes spool folders that processes left behind when they died. */
export async function removeAbandonedSpools(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const pid = Number(/^lifeboat-spool-(\d+)-/.exec(name)?.[1]);
    if (pid && pid !== process.pid && !isAlive(pid)) {
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(
        () => {},
      );
    }
  }
}
