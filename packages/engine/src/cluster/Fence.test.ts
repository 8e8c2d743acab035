import { LeaseFence } from './Fence';
import { LeaseLostError } from './LeaseLostError';

function fence(validMs = 13_000) {
  const time = { now: 1_000_000, monotonic: 5_000 };
  const clock = {
    now: () => time.now,
    monotonic: () => time.monotonic,
    sleep: async () => undefined,
  };
  return { time, fence: new LeaseFence(clock, validMs, { ...time }) };
}

describe('LeaseFence', () => {
  it('is open until the lease would end', () => {
    const { time, fence: subject } = fence();
    time.now += 12_999;
    time.monotonic += 12_999;
    expect(subject.isOpen()).toBe(true);
    time.now += 2;
    time.monotonic += 2;
    expect(() => subject.check()).toThrow(LeaseLostError);
  });

  it('notices a process that was stopped, by the monotonic clock', () => {
    const { time, fence: subject } = fence();
    time.monotonic += 20_000;
    expect(subject.isOpen()).toBe(false);
  });

  it('notices a machine that slept, by the wall clock', () => {
    const { time, fence: subject } = fence();
    time.now += 20_000;
    expect(subject.isOpen()).toBe(false);
  });

  it('distrusts a wall clock that was set back', () => {
    const { time, fence: subject } = fence();
    time.now -= 20_000;
    expect(subject.isOpen()).toBe(false);
  });

  it('stays shut once it was', () => {
    const { time, fence: subject } = fence();
    time.now += 20_000;
    expect(subject.isOpen()).toBe(false);
    time.now -= 20_000;
    expect(subject.isOpen()).toBe(false);
    expect(() => subject.renew({ ...time })).toThrow(LeaseLostError);
  });

  it('counts from the latest renewal', () => {
    const { time, fence: subject } = fence();
    for (let renewal = 0; renewal < 5; renewal++) {
      time.now += 10_000;
      time.monotonic += 10_000;
      subject.renew({ ...time });
    }
    expect(subject.isOpen()).toBe(true);
  });
});
