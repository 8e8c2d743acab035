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

describe('time zones', () => {
  it.each([
    ['Europe/Berlin', '25 Oct 2026, 01:30:00 CEST'],
    ['America/New_York', '24 Oct 2026, 19:30:00 GMT-4'],
    ['Asia/Kathmandu', '25 Oct 2026, 05:15:00 GMT+5:45'],
    ['UTC', '24 Oct 2026, 23:30:00 UTC'],
  ])('names the zone of a viewer in %s', (timeZone, text) => {
    const time = Date.parse('2026-10-24T23:30:00Z');
    expect(formatAbsoluteTime(time, { locale: 'en-GB', timeZone })).toBe(text);
  });

  it.each([
    // The day on which summer time ends has 25 hours, the one on which it begins 23.
    ['2026-10-24T22:30:00Z', '2026-10-25T22:30:00Z', 'today 00:30'],
    ['2026-10-24T21:30:00Z', '2026-10-25T22:30:00Z', 'yesterday 23:30'],
    ['2026-03-29T21:30:00Z', '2026-03-28T23:30:00Z', 'today 23:30'],
    ['2026-03-30T00:30:00Z', '2026-03-28T23:30:00Z', 'tomorrow 02:30'],
  ])('knows at %s seen from %s that it is %s', (time, from, text) => {
    expect(
      formatCalendarTime(Date.parse(time), Date.parse(from), berlin, translate),
    ).toBe(text);
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
