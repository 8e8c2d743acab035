import { translate } from '../__testUtils__/translate';
import { formatDuration } from './formatDuration';

describe('formatDuration', () => {
  it.each([
    [-5, '0\u00a0s'],
    [499, '0\u00a0s'],
    [45_000, '45\u00a0s'],
    [59_600, '1\u00a0min\u00a00\u00a0s'],
    [134_000, '2\u00a0min\u00a014\u00a0s'],
    [3_900_000, '1\u00a0h\u00a05\u00a0min'],
    [100 * 3_600_000, '4\u00a0d\u00a04\u00a0h'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds, translate)).toBe(text);
  });
});
