import { dueTimes } from './cronJobs';

const at = (text: string) => new Date(text);

describe('dueTimes', () => {
  it('gives the latest missed time and the next one', () => {
    expect(
      dueTimes(
        '*/5 * * * *',
        undefined,
        at('2026-01-01T00:01:00Z'),
        at('2026-01-01T00:12:00Z'),
      ),
    ).toEqual({
      due: at('2026-01-01T00:10:00Z'),
      next: at('2026-01-01T00:15:00Z'),
    });
  });

  it('owes nothing since the last run', () => {
    expect(
      dueTimes(
        '0 3 * * *',
        undefined,
        at('2026-01-01T03:00:00Z'),
        at('2026-01-01T04:00:00Z'),
      ).due,
    ).toBeUndefined();
  });

  it('is due at the very second', () => {
    expect(
      dueTimes(
        '0 3 * * *',
        undefined,
        at('2026-01-01T02:00:00Z'),
        at('2026-01-01T03:00:00Z'),
      ).due,
    ).toEqual(at('2026-01-01T03:00:00Z'));
  });

  it('counts in the time zone of the CronJob', () => {
    expect(
      dueTimes(
        '15 3 * * *',
        'Europe/Prague',
        at('2026-07-01T00:00:00Z'),
        at('2026-07-01T00:30:00Z'),
      ).next,
    ).toEqual(at('2026-07-01T01:15:00Z'));
  });
});
