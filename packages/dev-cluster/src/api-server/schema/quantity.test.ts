import { canonicalQuantity, quantityValue } from './quantity';

describe('canonicalQuantity', () => {
  it.each([
    ['0', '0'],
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1000', '1k'],
    ['1e3', '1e3'],
    ['12e6', '12e6'],
    ['0.1Ki', '102400m'],
    ['-5', '-5'],
    ['1500', '1500'],
    ['100n', '100n'],
    ['0.0000000001', '1n'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalQuantity(text)).toBe(expected);
  });

  it.each(['', 'x', '1x', '1 Gi', 'Gi', '--1', '1e', '1e99999'])(
    '%j is none',
    text => {
      expect(canonicalQuantity(text)).toBeUndefined();
    },
  );

  it('is worth a number', () => {
    expect(quantityValue('1.5Gi')).toBe(1.5 * 1024 ** 3);
    expect(quantityValue('250m')).toBe(0.25);
  });
});
