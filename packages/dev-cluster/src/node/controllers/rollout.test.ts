import { nextSizes, resolveCount, rolloutLimits } from './rollout';

const pods = (desired: number, available = desired) => ({ desired, available });

describe('rolloutLimits', () => {
  it('takes a quarter by default, surge rounded up and unavailable down', () => {
    expect(rolloutLimits(undefined, 3)).toEqual({
      maxSurge: 1,
      maxUnavailable: 0,
    });
  });

  it('never lets both be zero', () => {
    expect(rolloutLimits({ maxSurge: 0, maxUnavailable: '10%' }, 3)).toEqual({
      maxSurge: 0,
      maxUnavailable: 1,
    });
  });

  it('reads numbers as they are', () => {
    expect(resolveCount(2, '25%', 100, 'up')).toBe(2);
  });
});

describe('nextSizes', () => {
  const limits = { maxSurge: 1, maxUnavailable: 0 };

  it('gives everything to the new set when there is no old one', () => {
    expect(nextSizes(3, limits, pods(0), [pods(0)])).toEqual({
      current: 3,
      old: [0],
    });
  });

  it('surges first, and takes no old pod while the new one is not available', () => {
    expect(nextSizes(3, limits, pods(0), [pods(3)])).toEqual({
      current: 1,
      old: [3],
    });
    expect(nextSizes(3, limits, pods(1, 0), [pods(3)])).toEqual({
      current: 1,
      old: [3],
    });
  });

  it('takes an old pod for every new one that is available', () => {
    expect(nextSizes(3, limits, pods(1), [pods(3)])).toEqual({
      current: 1,
      old: [2],
    });
  });

  it('takes old pods that are not available at once', () => {
    expect(nextSizes(3, limits, pods(1, 0), [pods(3, 1)])).toEqual({
      current: 1,
      old: [1],
    });
  });

  it('recreates: nothing new while something old is there', () => {
    expect(nextSizes(2, 'recreate', pods(0), [pods(2)])).toEqual({
      current: 0,
      old: [0],
    });
    expect(nextSizes(2, 'recreate', pods(0), [pods(0)])).toEqual({
      current: 2,
      old: [0],
    });
  });
});
