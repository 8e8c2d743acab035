import { parseCron } from './cron';

const next = (expression: string, after: string) =>
  parseCron(expression)
    .next(new Date(after))
    .toISOString()
    .replace('.000Z', 'Z');

describe('parseCron', () => {
  it.each([
    ['* * * * *', '2026-11-23T07:16:21Z', '2026-11-23T07:17:00Z'],
    ['0 9 * * *', '2026-11-23T09:00:00Z', '2026-11-24T09:00:00Z'],
    ['0 9 * * *', '2026-11-23T08:59:59.999Z', '2026-11-23T09:00:00Z'],
    ['*/15 * * * *', '2026-11-23T07:16:21Z', '2026-11-23T07:30:00Z'],
    ['5/15 * * * *', '2026-11-23T07:16:21Z', '2026-11-23T07:20:00Z'],
    ['5/15 * * * *', '2026-11-23T07:51:00Z', '2026-11-23T08:05:00Z'],
    ['1-5/2 * * * *', '2026-11-23T07:03:00Z', '2026-11-23T07:05:00Z'],
    ['1,2-3 * * * *', '2026-11-23T07:02:00Z', '2026-11-23T07:03:00Z'],
    ['0 0 ? * *', '2026-11-23T07:16:21Z', '2026-11-24T00:00:00Z'],
    ['0 0 1 JAN,jul ?', '2026-11-23T07:16:21Z', '2027-01-01T00:00:00Z'],
    ['30 2 * * mon-FRI', '2026-11-20T07:16:21Z', '2026-11-23T02:30:00Z'],
    ['0 0 29 2 *', '2026-11-23T07:16:21Z', '2028-02-29T00:00:00Z'],
    ['  0   9 * * *  ', '2026-11-23T00:00:00Z', '2026-11-23T09:00:00Z'],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it('lets either day field suffice when both are set', () => {
    expect(next('0 0 13 * FRI', '2026-11-09T12:00:00Z')).toBe(
      '2026-11-13T00:00:00Z',
    );
    expect(next('0 0 13 * FRI', '2026-11-13T12:00:00Z')).toBe(
      '2026-11-20T00:00:00Z',
    );
    expect(next('0 0 */2 * MON', '2026-11-23T00:00:00Z')).toBe(
      '2026-11-25T00:00:00Z',
    );
    expect(next('0 0 15 * 0-6', '2026-11-23T00:00:00Z')).toBe(
      '2026-11-24T00:00:00Z',
    );
  });

  it('needs both day fields when one of them is a star', () => {
    expect(next('0 0 * * MON', '2026-11-23T00:00:00Z')).toBe(
      '2026-11-30T00:00:00Z',
    );
    expect(next('0 0 */1 * MON', '2026-11-23T00:00:00Z')).toBe(
      '2026-11-30T00:00:00Z',
    );
  });

  it.each([
    ['@yearly', '2027-01-01T00:00:00Z'],
    ['@annually', '2027-01-01T00:00:00Z'],
    ['@monthly', '2026-12-01T00:00:00Z'],
    ['@weekly', '2026-11-29T00:00:00Z'],
    ['@daily', '2026-11-24T00:00:00Z'],
    ['@midnight', '2026-11-24T00:00:00Z'],
    ['@hourly', '2026-11-23T08:00:00Z'],
    ['@every 1h', '2026-11-23T08:16:21Z'],
    ['@every 1h30m', '2026-11-23T08:46:21Z'],
    ['@every 1500ms', '2026-11-23T07:16:22Z'],
    ['@every 10ms', '2026-11-23T07:16:22Z'],
  ])('knows %s', (expression, expected) => {
    expect(next(expression, '2026-11-23T07:16:21.500Z')).toBe(expected);
  });

  it('takes the time zone of the expression, UTC without one', () => {
    const after = '2026-11-23T00:00:00Z';
    expect(next('30 2 * * *', after)).toBe('2026-11-23T02:30:00Z');
    expect(next('TZ=Europe/Berlin 30 2 * * *', after)).toBe(
      '2026-11-23T01:30:00Z',
    );
    expect(next('CRON_TZ=America/New_York @daily', after)).toBe(
      '2026-11-23T05:00:00Z',
    );
    expect(
      parseCron('30 2 * * *', { timeZone: 'Asia/Tokyo' })
        .next(new Date(after))
        .toISOString(),
    ).toBe('2026-11-23T17:30:00.000Z');
  });

  it('runs once in the nights in which clocks change', () => {
    const forward = 'TZ=Europe/Berlin 30 2 * * *';
    const first = next(forward, '2026-03-28T12:00:00Z');
    expect(first).toBe('2026-03-29T01:00:00Z');
    expect(next(forward, first)).toBe('2026-03-30T00:30:00Z');
    const back = next(forward, '2026-10-24T12:00:00Z');
    expect(next(forward, back)).toBe('2026-10-26T01:30:00Z');
  });

  it.each([
    ['', 'is empty'],
    ['TZ=UTC', 'is empty'],
    ['* * * *', 'has 4 fields: write five'],
    ['0 0 0 * * *', 'has 6 fields: write five'],
    ['60 * * * *', 'out of range; allowed are 0 to 59'],
    ['* 24 * * *', 'the field hour: out of range'],
    ['* * 0 * *', 'the field day of month: out of range'],
    ['* * * 13 *', 'the field month: out of range'],
    ['* * * * 7', 'the field day of week: out of range'],
    ['5-1 * * * *', 'the range is backwards'],
    ['*/0 * * * *', 'a step must not be 0'],
    ['1/2/3 * * * *', 'too many signs'],
    ['1-2-3 * * * *', 'too many signs'],
    ['-5 * * * *', 'is not a number'],
    ['a b c d e', '"a" is not a number'],
    ['* * L * *', '"L" is not a number'],
    ['* * * * MON#2', '"MON#2" is not a number'],
    [', * * * *', 'the field minute is empty'],
    ['@fortnightly', 'is not known: use @yearly'],
    ['@every', 'is not known'],
    ['@every often', 'is not a duration'],
    ['TZ=Mars/Base * * * * *', '"Mars/Base" is not a time zone'],
    ['TZ= * * * * *', 'is not a time zone'],
    ['0 0 31 2 *', 'never comes true'],
  ])('refuses "%s"', (expression, message) => {
    expect(() => parseCron(expression)).toThrow(message);
  });
});
