import { translate } from '../__testUtils__/translate';
import { formatDuration } from './formatDuration';

describe('formatDuration', () => {
  it.each([
    [-5, '0 s'],
    [499, '0 s'],
    [45_000, '45 s'],
    [59_600, '1 min 0 s'],
    [134_000, '2 min 14 s'],
    [3_900_000, '1 h 5 min'],
    [100 * 3_600_000, '4 d 4 h'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds, translate)).toBe(text);
  });
});
