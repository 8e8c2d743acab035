import { translate } from '../__testUtils__/translate';
import {
  formatAbsoluteTime,
  formatCalendarTime,
  formatDay,
} from './formatDateTime';

const berlin = { locale: 'en-GB', timeZone: 'Europe/Berlin' };
const now = Date.parse('2026-11-23T09:00:00Z');

describe('formatAbsoluteTime', () => {
  it('names date, time and zone', () => {
    expect(formatAbsoluteTime(now, berlin)).toBe('23 Nov 2026, 10:00:00 CET');
  });
});

describe('formatCalendarTime', () => {
  it.each([
    ['2026-11-23T07:12:00Z', 'today 08:12'],
    ['2026-11-22T23:30:00Z', 'today 00:30'],
    ['2026-11-22T22:30:00Z', 'yesterday 23:30'],
    ['2026-11-24T01:00:00Z', 'tomorrow 02:00'],
    ['2026-11-20T12:39:00Z', '20 Nov, 13:39'],
    ['2026-11-27T01:00:00Z', 'Fri 27 Nov, 02:00'],
    ['2025-01-02T11:00:00Z', '2 Jan 2025, 12:00'],
  ])('writes %s as %s', (time, text) => {
    expect(formatCalendarTime(Date.parse(time), now, berlin, translate)).toBe(
      text,
    );
  });
});

describe('formatDay', () => {
  it('leaves out this year', () => {
    expect(formatDay(Date.parse('2026-12-22T12:00:00Z'), now, berlin)).toBe(
      '22 Dec',
    );
    expect(formatDay(Date.parse('2027-01-05T12:00:00Z'), now, berlin)).toBe(
      '5 Jan 2027',
    );
  });
});
