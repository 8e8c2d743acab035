import { formatByteSize } from './formatByteSize';

describe('formatByteSize', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [96_480, '94.2 KiB'],
    [100 * 1024 * 1024, '100 MiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [1.3 * 1024 ** 3, '1.3 GiB'],
    [5 * 1024 ** 5, '5 PiB'],
    [5000 * 1024 ** 5, '5000 PiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatByteSize(bytes)).toBe(text);
  });

  it('uses the decimal separator of the language', () => {
    expect(formatByteSize(1.3 * 1024 ** 3, 'de')).toBe('1,3 GiB');
  });
});
