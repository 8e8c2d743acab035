import { describeCron, previewCron } from './describeCron';

const after = Date.parse('2026-11-23T09:00:00Z');

describe('describeCron', () => {
  it('says in words when it fires', () => {
    expect(describeCron('0 2 * * *', 'en-GB')).toBe('At 02:00, every day');
    expect(describeCron('0 2 * * 1-5', 'en')).toBe(
      'At 02:00, Monday through Friday',
    );
  });

  it('speaks German', () => {
    expect(describeCron('0 2 * * 1', 'de-AT')).toMatch(/Montag/);
  });

  it('leaves out a time zone in front', () => {
    expect(describeCron('CRON_TZ=Europe/Berlin 0 2 * * *', 'en')).toBe(
      'At 02:00, every day',
    );
  });

  it('gives back what it does not understand', () => {
    expect(describeCron('@every 5m', 'en')).toBe('@every 5m');
    expect(describeCron('nonsense', 'en')).toBe('nonsense');
  });
});

describe('previewCron', () => {
  it('lists the next runs in the zone that is meant', () => {
    const preview = previewCron('0 2 * * *', 'Europe/Berlin', after);
    expect(
      preview.valid && preview.next.map(time => new Date(time).toISOString()),
    ).toEqual([
      '2026-11-24T01:00:00.000Z',
      '2026-11-25T01:00:00.000Z',
      '2026-11-26T01:00:00.000Z',
      '2026-11-27T01:00:00.000Z',
      '2026-11-28T01:00:00.000Z',
    ]);
  });

  it('knows a day that never comes', () => {
    expect(previewCron('0 0 30 2 *', 'UTC', after)).toEqual({
      valid: true,
      next: [],
    });
  });

  it.each(['', '99 * * * *', '0 2 * *', '* * * * * *'])(
    'refuses %p with a reason',
    expression => {
      expect(previewCron(expression, 'UTC', after)).toEqual({
        valid: false,
        message: expect.stringMatching(/.+/),
      });
    },
  );
});
