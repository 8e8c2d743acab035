import {
  formatMilliseconds,
  formatTimestamp,
  parseTimestamp,
  toMilliseconds,
  zeroTime,
} from './timestamps';

it('keeps nanoseconds and drops trailing zeros', () => {
  for (const text of [
    '2024-01-02T03:04:05.678901234Z',
    '2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00.12Z',
    '1969-12-31T23:59:59.9Z',
    '9999-12-31T23:59:59.999999999Z',
    zeroTime,
  ]) {
    expect(formatTimestamp(parseTimestamp(text))).toBe(text);
  }
});

it('stays within the years that the format can name', () => {
  const second = 1_000_000_000n;
  // File systems hold such times; a snapshot with one could not be read by the real program, and would be collected.
  for (const seconds of [253_402_300_800n, 300_000_000_000n, 2n ** 62n])
    expect(formatTimestamp(seconds * second)).toBe(
      '9999-12-31T23:59:59.999999999Z',
    );
  for (const seconds of [-62_135_596_801n, -(2n ** 62n)])
    expect(formatTimestamp(seconds * second)).toBe(zeroTime);
  expect(formatTimestamp(253_402_300_799n * second)).toBe(
    '9999-12-31T23:59:59Z',
  );
});

it('understands zones and long fractions', () => {
  expect(formatTimestamp(parseTimestamp('2024-01-01T01:30:00.5+01:30'))).toBe(
    '2024-01-01T00:00:00.5Z',
  );
  expect(formatTimestamp(parseTimestamp('2023-12-31T19:00:00-05:00'))).toBe(
    '2024-01-01T00:00:00Z',
  );
  expect(
    parseTimestamp('2024-01-01T00:00:00.1234567899Z') % 1_000_000_000n,
  ).toBe(123456789n);
  expect(toMilliseconds('1970-01-01T00:00:01.5009Z')).toBe(1500);
  expect(formatMilliseconds(1500.7)).toBe('1970-01-01T00:00:01.5Z');
});

it('refuses what is not a time', () => {
  for (const text of ['', 'yesterday', '2024-01-01', '2024-01-01T00:00:00']) {
    expect(() => parseTimestamp(text)).toThrow('is not a time');
  }
});
