import { existsSync, readFileSync } from 'node:fs';

const files = [
  '/sys/fs/cgroup/memory.max',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes',
];

/** The memory that this container may use, in MiB; undefined where there is no limit. */
export function containerMemoryMiB(): number | undefined {
  const file = files.find(existsSync);
  if (!file) return undefined;
  const bytes = Number(readFileSync(file, 'utf8').trim());
  // Without a limit, cgroup 2 says "max" and cgroup 1 a number near 2^63.
  return bytes > 0 && bytes < 2 ** 50 ? bytes / 1024 / 1024 : undefined;
}
