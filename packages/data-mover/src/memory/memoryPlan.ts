/** How a mover divides the memory that it may use. */
export interface MemoryPlan {
  /** Threads that hash, compress and encrypt. */
  readonly workers: number;
  /** MiB of JavaScript objects. */
  readonly heapMiB: number;
  /** Bytes of repository indexes in memory; the rest is searched in temporary files. */
  readonly indexBytes: number;
  readonly parallelFiles: number;
  /** Resident memory from which on garbage is collected early. */
  readonly collectAboveBytes: number;
}

/** What a mover stays below when nobody says otherwise. */
export const defaultMemoryMiB = 400;

const mebibyte = 1024 * 1024;
/** What a mover takes that moves large files without threads: Node, the program, packs under way. Measured. */
const baseMiB = 290;
/** A thread with the chunks that lie ready for it. */
const workerMiB = 51;
const reserve = 0.9;

/**
 * Divides a memory limit among heap, threads and indexes.
 *
 * @param cores - that the pod may use
 */
export function memoryPlan(
  limitMiB: number,
  cores: number,
  parallelFiles: number | undefined,
): MemoryPlan {
  const threads = Math.floor((limitMiB * reserve - baseMiB) / workerMiB);
  const indexMiB = Math.floor(limitMiB / 16);
  return {
    workers: Math.max(0, Math.min(4, cores, threads)),
    // Volumes of many files need heap, those of large files need packs and chunks; hardly one needs both.
    heapMiB: Math.max(48, Math.floor(limitMiB * 0.5)),
    indexBytes: Math.max(4, Math.min(48, indexMiB)) * mebibyte,
    parallelFiles: Math.min(parallelFiles ?? 8, limitMiB < 256 ? 4 : 64),
    collectAboveBytes: limitMiB * 0.7 * mebibyte,
  };
}
