import { SlownessMeter } from './SlownessMeter';

/** How many of so many calls are made directly. */
function directCalls(calls: number, msOf: (call: number) => number): number {
  const meter = new SlownessMeter(1, 32);
  let direct = 0;
  for (let call = 0; call < calls; call++) {
    if (!meter.direct()) continue;
    direct += 1;
    meter.note(msOf(call));
  }
  return direct;
}

it('calls directly while that is fast, also when other processes take their turns', () => {
  expect(directCalls(1000, () => 0.02)).toBe(1000);
  expect(directCalls(1000, call => (call % 10 === 0 ? 5 : 0.02))).toBe(1000);
});

it('avoids direct calls of a slow file system, and tries again', () => {
  const direct = directCalls(1000, () => 3);
  expect(direct).toBeLessThan(70);
  expect(direct).toBeGreaterThan(10);
});

it('returns to direct calls once they are fast', () => {
  expect(directCalls(1000, call => (call < 100 ? 3 : 0.02))).toBeGreaterThan(
    850,
  );
});
