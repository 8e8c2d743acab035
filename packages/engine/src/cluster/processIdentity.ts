import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/** Who holds a lease: where a process runs, its number, and a random part. */
export interface ProcessIdentity {
  /** Host name, boot and process namespace: two processes agree on what a process number means. */
  place: string;
  pid: number;
  text: string;
}

/** The identity of this process, such as `node-7.1f2e3d4c.4711.9a8b7c6d`. */
export function processIdentity(): ProcessIdentity {
  const place = `${os.hostname().slice(0, 63)}.${hash(
    `${readOr('/proc/sys/kernel/random/boot_id')} ${linkOr(
      '/proc/self/ns/pid',
    )}`,
  )}`;
  return {
    place,
    pid: process.pid,
    text: `${place}.${process.pid}.${randomBytes(4).toString('hex')}`,
  };
}

/**
 * Whether the holder of a lease certainly has ended: it ran where we run, and
 * its process number is unused. False whenever that cannot be known.
 */
export function hasCertainlyEnded(
  holder: string,
  self: ProcessIdentity,
  isRunning: (pid: number) => boolean = processIsRunning,
): boolean {
  const match = /^(.+)\.(\d+)\.[0-9a-f]{8}$/.exec(holder);
  if (!match || match[1] !== self.place) return false;
  if (!linkOr('/proc/self/ns/pid')) return false;
  const pid = Number(match[2]);
  return pid !== self.pid && !isRunning(pid);
}

/** Whether a process has this number; one of another user counts too. */
export function processIsRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
