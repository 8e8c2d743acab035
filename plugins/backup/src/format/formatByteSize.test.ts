import { formatByteSize } from './formatByteSize';

describe('formatByteSize', () => {
  it.each([
    [0, '0\u00a0B'],
    [512, '512\u00a0B'],
    [1023, '1023\u00a0B'],
    [1024, '1\u00a0KiB'],
    [96_480, '94.2\u00a0KiB'],
    [100 * 1024 * 1024, '100\u00a0MiB'],
    [1024 * 1024 - 1, '1\u00a0MiB'],
    [1.3 * 1024 ** 3, '1.3\u00a0GiB'],
    [5 * 1024 ** 5, '5\u00a0PiB'],
    [5000 * 1024 ** 5, '5000\u00a0PiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatByteSize(bytes)).toBe(text);
  });

  it('uses the decimal separator of the language', () => {
    expect(formatByteSize(1.3 * 1024 ** 3, 'de')).toBe('1,3\u00a0GiB');
  });
});
