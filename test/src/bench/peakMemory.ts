import { readFileSync } from 'node:fs';

/**
 * The most memory a running process has had in RAM so far, in bytes; undefined where the system does not tell (only
 * Linux does).
 */
export function peakMemory(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes ? Number(kibibytes) * 1024 : undefined;
  } catch {
    return undefined;
  }
}
