import type { MemoryPlan } from './memoryPlan';

const intervalMs = 200;
/** Collections are at least this many intervals apart. */
const restIntervals = 4;

/**
 * Collects garbage when the process comes near its limit. Packs and chunks lie outside of the JavaScript heap: V8 sees a
 * small heap and lets them wait.
 */
export function keepWithin(plan: MemoryPlan): { stop(): void } {
  // There with --expose-gc only, which restartWithin gives.
  const { gc } = globalThis;
  if (!gc) return { stop: () => undefined };
  let rest = 0;
  const timer = setInterval(() => {
    if (rest > 0) rest -= 1;
    else if (process.memoryUsage.rss() > plan.collectAboveBytes) {
      gc();
      rest = restIntervals;
    }
  }, intervalMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
