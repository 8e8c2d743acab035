import { SharedRead } from './SharedRead';

function setUp() {
  let time = 0;
  let reads = 0;
  let fail = false;
  const shared = new SharedRead(
    async () => {
      reads += 1;
      if (fail) {
        throw new Error('down');
      }
      return reads;
    },
    500,
    () => time,
  );
  return {
    shared,
    reads: () => reads,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    setFailing: (failing: boolean) => {
      fail = failing;
    },
  };
}

it('reads once for those who ask at the same time, and again later', async () => {
  const { shared, reads, pass } = setUp();
  expect(await Promise.all([shared.get(), shared.get()])).toEqual([1, 1]);
  pass(499);
  expect(await shared.get()).toBe(1);
  pass(1);
  expect(await shared.get()).toBe(2);
  expect(reads()).toBe(2);
});

it('reads afresh after a write, also one that came while a read was under way', async () => {
  const { shared } = setUp();
  const before = shared.get();
  shared.forget();
  const after = shared.get();
  expect(await Promise.all([before, after])).toEqual([1, 2]);
  expect(await shared.get()).toBe(2);
});

it('does not keep failures', async () => {
  const { shared, setFailing } = setUp();
  setFailing(true);
  await expect(shared.get()).rejects.toThrow('down');
  setFailing(false);
  expect(await shared.get()).toBe(2);
});
