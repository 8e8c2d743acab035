import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const markerFolder = '.velero';
const pollMs = 250;

function markerOf(volumePath: string, restoreUid: string): string {
  if (!/^[\w-]+$/.test(restoreUid))
    throw new Error(`"${restoreUid}" is not the UID of a restore`);
  return join(volumePath, markerFolder, restoreUid);
}

/**
 * Tells the waiting init container of a restored pod that its volume is complete (Velero: restore helper). Markers of
 * earlier restores, which may have been in the backup, are removed.
 */
export async function writeRestoreMarker(
  volumePath: string,
  restoreUid: string,
): Promise<void> {
  const file = markerOf(volumePath, restoreUid);
  const folder = join(volumePath, markerFolder);
  const existing = await lstat(folder).catch(() => undefined);
  // A link may lead anywhere.
  if (existing && !existing.isDirectory()) await rm(folder);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder))
    await rm(join(folder, name), { recursive: true });
  // The pod's own user looks for it, whatever the umask here is.
  const directory = await open(
    folder,
    constants.O_RDONLY + constants.O_DIRECTORY + constants.O_NOFOLLOW,
  );
  try {
    await directory.chmod(0o755);
  } finally {
    await directory.close();
  }
  const marker = await open(file, 'wx', 0o644);
  try {
    await marker.chmod(0o644);
    await marker.sync();
  } finally {
    await marker.close();
  }
}

/** Waits until the markers of a restore are in all volumes. */
export async function waitForRestore(
  restoreUid: string,
  volumes: readonly string[],
  options: { signal?: AbortSignal; onFound?: (volume: string) => void } = {},
): Promise<void> {
  for (const volume of volumes) {
    const file = markerOf(volume, restoreUid);
    while (!(await lstat(file).catch(() => undefined)))
      await sleep(pollMs, undefined, { signal: options.signal });
    options.onFound?.(volume);
  }
}
