import { boundedPattern } from './boundedPattern';

describe('boundedPattern', () => {
  it('matches as the pattern says', () => {
    const matches = boundedPattern('^web-[a-z]+-v[0-9]+$');
    expect(matches('web-orders-v12')).toBe(true);
    expect(matches('web-orders')).toBe(false);
    expect(boundedPattern('(?i)^WEB')('web-1')).toBe(true);
    expect(boundedPattern('orders')('the-orders-db')).toBe(true);
  });

  it('says what is no pattern', () => {
    expect(() => boundedPattern('a(')).toThrow('error parsing regexp');
  });

  it('ends a match that would take forever, and goes on with others', () => {
    const matches = boundedPattern('^(a+)+$');
    const begin = performance.now();
    expect(() => matches(`${'a'.repeat(60)}!`)).toThrow('takes too long');
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(matches('aaaa')).toBe(true);
  });

  it('is fast enough for each object of a large backup', () => {
    const matches = boundedPattern('^web-.*-v[0-9]+$');
    const begin = performance.now();
    for (let index = 0; index < 5_000; index += 1) {
      matches(`web-${index}-v1`);
    }
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
