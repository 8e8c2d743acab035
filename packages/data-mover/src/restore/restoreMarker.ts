import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  lstat,
  mkdir,
  open,
  readdir,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
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
 * When a restored volume's top folder was read last, in seconds since 1970, as far as it says: a number of its restore. It tells of the
 * end those who may not look into the folder, such as anybody but PostgreSQL's user into its data.
 */
function accessTimeOf(restoreUid: string): number {
  const hash = createHash('sha256').update(restoreUid).digest();
  // Of file systems with 32 bits for it, too.
  return hash.readUInt32BE() % 2 ** 31;
}

async function hasAccessTime(
  volumePath: string,
  restoreUid: string,
): Promise<boolean> {
  const top = await stat(volumePath).catch(() => undefined);
  return (
    top !== undefined &&
    Math.floor(top.atimeMs / 1000) === accessTimeOf(restoreUid)
  );
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
  const top = await stat(volumePath);
  await utimes(volumePath, accessTimeOf(restoreUid), top.mtimeMs / 1000);
}

/** Waits until the markers of a restore are in all volumes. */
export async function waitForRestore(
  restoreUid: string,
  volumes: readonly string[],
  options: { signal?: AbortSignal; onFound?: (volume: string) => void } = {},
): Promise<void> {
  for (const volume of volumes) {
    const file = markerOf(volume, restoreUid);
    while (
      !(await lstat(file).catch(() => undefined)) &&
      !(await hasAccessTime(volume, restoreUid))
    )
      await sleep(pollMs, undefined, { signal: options.signal });
    options.onFound?.(volume);
  }
}
