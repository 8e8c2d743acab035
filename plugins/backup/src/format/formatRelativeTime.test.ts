import { translate } from '../__testUtils__/translate';
import { formatRelativeTime } from './formatRelativeTime';

const now = Date.parse('2026-11-23T09:00:00Z');

describe('formatRelativeTime', () => {
  it.each([
    ['2026-11-23T08:59:58Z', 'just now'],
    ['2026-11-23T08:59:30Z', '30 s ago'],
    ['2026-11-23T08:18:00Z', '42 min ago'],
    ['2026-11-22T20:00:00Z', '13 h ago'],
    ['2026-11-21T09:00:00Z', '2 days ago'],
    ['2026-11-23T09:00:20Z', 'in 20 s'],
    ['2026-11-23T09:05:00Z', 'in 5 min'],
    ['2026-11-24T02:00:00Z', 'in 17 h'],
    ['2026-12-23T09:00:00Z', 'in 30 days'],
  ])('writes %s as %s', (time, text) => {
    expect(formatRelativeTime(Date.parse(time), now, translate)).toBe(text);
  });
});
