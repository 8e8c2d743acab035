import type { MemoryPlan } from './memoryPlan';

const marker = 'LIFEBOAT_MOVER_RESTARTED';

/**
 * Replaces this process by itself with the flags and environment that keep it within a plan. They only count from the
 * start of a process, and an image need not know them. Does nothing the second time, and where Node cannot do it.
 */
export function restartWithin(plan: MemoryPlan): void {
  if (process.env[marker] || typeof process.execve !== 'function') return;
  const { execPath, argv, execArgv } = process;
  process.execve(
    execPath,
    [
      execPath,
      `--max-old-space-size=${plan.heapMiB}`,
      '--max-semi-space-size=8',
      '--expose-gc',
      // process.execve itself is experimental.
      '--disable-warning=ExperimentalWarning',
      ...execArgv,
      ...argv.slice(1),
    ],
    {
      ...(process.env as Record<string, string>),
      [marker]: '1',
      // glibc otherwise keeps freed packs and chunks for itself, for each thread anew.
      MALLOC_ARENA_MAX: '2',
      MALLOC_MMAP_THRESHOLD_: '131072',
      MALLOC_TRIM_THRESHOLD_: '131072',
    },
  );
}
