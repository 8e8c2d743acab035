/** How a mover divides the memory that it may use. */
export interface MemoryPlan {
  /** Threads that hash, compress and encrypt. */
  readonly workers: number;
  /** MiB of JavaScript objects. */
  readonly heapMiB: number;
  /** Bytes of repository indexes in memory; the rest is searched in temporary files. */
  readonly indexBytes: number;
  readonly parallelFiles: number;
}

const mebibyte = 1024 * 1024;
/** What Node itself, the program and buffers outside of the heap take. */
const baseMiB = 130;
const workerMiB = 35;

/**
 * Divides a memory limit among heap, threads and indexes.
 *
 * @param limitMiB - without it, the mover stays below 400 MiB whatever the volume
 * @param cores - that the pod may use
 */
export function memoryPlan(
  limitMiB: number | undefined,
  cores: number,
  parallelFiles: number | undefined,
): MemoryPlan {
  const limit = limitMiB ?? 400;
  const beyondBase = Math.max(0, limit - baseMiB);
  const workers = Math.min(4, cores, Math.floor(beyondBase / 2 / workerMiB));
  const rest = beyondBase - workers * workerMiB;
  return {
    workers,
    heapMiB: Math.max(48, Math.floor(rest * 0.6)),
    indexBytes: Math.max(4, Math.min(48, Math.floor(rest * 0.2))) * mebibyte,
    parallelFiles: Math.min(parallelFiles ?? 8, limit < 256 ? 4 : 64),
  };
}
