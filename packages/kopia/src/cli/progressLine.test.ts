import { progressLine, startTransfer } from './progressLine';

const mebibyte = 1024 * 1024;

it('shows a bar, the amount, the speed and the time left', () => {
  expect(
    progressLine({
      done: 50 * mebibyte,
      total: 100 * mebibyte,
      elapsedMs: 5000,
    }),
  ).toBe(
    '[##########----------]  50 %  50.0 MiB of 100.0 MiB  10.0 MiB/s  0:05 left',
  );
  expect(
    progressLine({
      done: mebibyte,
      total: 10_000 * mebibyte,
      elapsedMs: 1000,
    }),
  ).toBe(
    '[--------------------]   0 %  1.0 MiB of 9.8 GiB  1.0 MiB/s  2:46:39 left',
  );
});

it('says no more than it knows', () => {
  expect(progressLine({ done: 1536, elapsedMs: 10 })).toBe('1.5 KiB');
  expect(progressLine({ done: 2048, elapsedMs: 2000 })).toBe(
    '2.0 KiB  1.0 KiB/s',
  );
  expect(progressLine({ done: 0, total: 10, elapsedMs: 5000 })).toBe(
    '[--------------------]   0 %  0 B of 10 B  0 B/s',
  );
  // More than was expected, and nothing at all.
  expect(progressLine({ done: 20, total: 10, elapsedMs: 10 })).toBe(
    '[####################] 100 %  20 B of 10 B',
  );
  expect(progressLine({ done: 0, total: 0, elapsedMs: 10 })).toBe(
    '[####################] 100 %  0 B of 0 B',
  );
});

it('measures the time itself', () => {
  let now = 1000;
  const transfer = startTransfer(() => now);
  now = 3000;
  expect(transfer(2048)).toBe('2.0 KiB  1.0 KiB/s');
});
