import { memoryPlan } from './memoryPlan';

describe('memoryPlan', () => {
  it.each([
    [400, 2, 1],
    [512, 16, 3],
    [400, 1, 1],
    [1024, 16, 4],
    [256, 4, 0],
    [64, 4, 0],
  ])('of %s MiB on %s cores has %s threads', (limit, cores, workers) => {
    const plan = memoryPlan(limit, cores, undefined);
    expect(plan.workers).toBe(workers);
    expect(plan.heapMiB).toBeLessThanOrEqual(limit);
  });

  it('opens fewer files at once in little memory', () => {
    expect(memoryPlan(200, 2, 50).parallelFiles).toBe(4);
    expect(memoryPlan(400, 2, 50).parallelFiles).toBe(50);
    expect(memoryPlan(400, 2, undefined).parallelFiles).toBe(8);
  });
});
