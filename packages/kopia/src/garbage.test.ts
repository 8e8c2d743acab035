import { freeBuffer } from './garbage';

describe('freeBuffer', () => {
  it('empties a large buffer and all views of its memory', () => {
    const buffer = Buffer.allocUnsafeSlow(100_000);
    const view = buffer.subarray(10);
    freeBuffer(buffer.subarray(0, 90_000));
    expect(buffer).toHaveLength(0);
    expect(view).toHaveLength(0);
  });

  it('leaves small buffers alone, which share their memory', () => {
    const small = Buffer.from('small');
    const part = Buffer.alloc(200_000).subarray(100_000);
    freeBuffer(small);
    freeBuffer(part);
    expect(small.toString()).toBe('small');
    expect(part).toHaveLength(100_000);
  });
});
