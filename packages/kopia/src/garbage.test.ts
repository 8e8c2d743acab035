import { freeBuffer } from './garbage';

describe('freeBuffer', () => {
  it('empties a large buffer and all views of its memory', () => {
    const buffer = Buffer.allocUnsafeSlow(100_000);
    const view = buffer.subarray(10);
    freeBuffer(buffer.subarray(0, 90_000));
    expect(buffer).toHaveLength(0);
    expect(view).toHaveLength(0);
  });

  it('leaves buffers alone that share their memory', () => {
    // The first of a fresh piece of common memory begins where that begins.
    const length = Buffer.poolSize / 2 - 1;
    const shared = Array.from({ length: 9 }, () => Buffer.allocUnsafe(length));
    const part = Buffer.alloc(200_000).subarray(100_000);
    for (const buffer of [...shared, part]) freeBuffer(buffer);
    for (const buffer of shared) expect(buffer).toHaveLength(length);
    expect(part).toHaveLength(100_000);
  });
});
