import { formatDuration, parseDuration, parseDurationOr } from './durations';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['720h0m0s', 2_592_000_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.h.2m', 3_612_000],
    ['100ms', 100],
    ['300ns', 0.0003],
    ['2us', 0.002],
    ['2µs', 0.002],
    ['-10m', -600_000],
    ['+1s', 1000],
    ['1m1m', 120_000],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBeCloseTo(milliseconds, 9);
  });

  it.each(['', '-', '10', 'h', '1d', '1h 30m', '1hour', 'abc', '.h'])(
    'refuses "%s" and says what is allowed',
    text => {
      expect(() => parseDuration(text)).toThrow(
        /is not a duration: write numbers with the units/,
      );
    },
  );

  it('takes the default for nothing', () => {
    expect(parseDurationOr(undefined, 5)).toBe(5);
    expect(parseDurationOr('', 5)).toBe(5);
    expect(parseDurationOr('1s', 5)).toBe(1000);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [2_592_000_000, '720h0m0s'],
    [600_000, '10m0s'],
    [90_000, '1m30s'],
    [1500, '1.5s'],
    [100, '100ms'],
    [0.002, '2µs'],
    [0.0003, '300ns'],
    [-600_000, '-10m0s'],
    [3_600_001, '1h0m0.001s'],
  ])('writes %d ms as Go does', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
    expect(parseDuration(text)).toBeCloseTo(milliseconds, 9);
  });

  it('refuses what is no number', () => {
    expect(() => formatDuration(NaN)).toThrow('not a duration');
  });
});
