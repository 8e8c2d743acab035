import { spawn } from 'node:child_process';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies everything in a folder into a new one, with owners (as root), modes, times, symbolic and hard links, extended
 * attributes and holes: the machine's `cp -a`, which does more of this than Node.js can.
 *
 * @throws Error with what `cp` said.
 */
export async function copyTree(
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(to, { recursive: true });
  await new Promise<void>((resolve, reject) => {
    const child = spawn('cp', ['-a', `${from}/.`, to], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    let said = '';
    child.stderr.on('data', chunk => {
      said = (said + chunk).slice(0, 2_000);
    });
    child.on('error', reject);
    child.on('close', code => {
      if (code === 0) resolve();
      else reject(new Error(`cp ended with ${code}: ${said.trim()}`));
    });
  });
}

/** Bytes that the files of a folder occupy on the disk; holes count nothing. */
export async function occupiedBytes(folder: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    total += entry.isDirectory()
      ? await occupiedBytes(path)
      : (await lstat(path)).blocks * 512;
  }
  return total;
}
