import { translate } from '../__testUtils__/translate';
import { describeTransfer } from './describeTransfer';

const mebibyte = 1024 ** 2;

describe('describeTransfer', () => {
  it('says what is known', () => {
    expect(
      describeTransfer(
        {
          bytesDone: 412 * mebibyte,
          bytesTotal: 900 * mebibyte,
          bytesPerSecond: 38 * mebibyte,
          secondsLeft: 13,
        },
        translate,
        'en',
      ),
    ).toBe('412\u00a0MiB of 900\u00a0MiB, 38\u00a0MiB/s, 13\u00a0s\u00a0left');
    expect(
      describeTransfer({ bytesDone: 1.5 * mebibyte }, translate, 'de'),
    ).toBe('1,5\u00a0MiB');
  });

  it('says that nothing moves yet', () => {
    const preparing = 'data is being prepared';
    expect(describeTransfer({}, translate, 'en')).toBe(preparing);
    expect(describeTransfer({ bytesDone: 0 }, translate, 'en')).toBe(preparing);
    expect(
      describeTransfer({ bytesDone: 0, bytesTotal: mebibyte }, translate, 'en'),
    ).toBe('0\u00a0B of 1\u00a0MiB');
  });
});
