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
    ).toBe('412 MiB of 900 MiB, 38 MiB/s, 13 s left');
    expect(
      describeTransfer({ bytesDone: 1.5 * mebibyte }, translate, 'de'),
    ).toBe('1,5 MiB');
    expect(describeTransfer({}, translate, 'en')).toBe('');
  });
});
