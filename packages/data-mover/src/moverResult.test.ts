import {
  readMoverResult,
  writeMoverResult,
  type MoverResult,
} from './moverResult';

describe('MoverResult', () => {
  it('is read as it was written', () => {
    const result: MoverResult = {
      outcome: 'completed',
      snapshotID: 'a'.repeat(32),
      totalBytes: 5,
      warnings: ['1 hard link'],
    };
    expect(readMoverResult(writeMoverResult(result))).toEqual(result);
  });

  it.each(['x', '"', '\u0001', 'ü', '😀'])(
    'fits into a termination message with any text, of %j',
    character => {
      const text = writeMoverResult({
        outcome: 'failed',
        message: character.repeat(20_000),
        warnings: [character.repeat(5000)],
      });
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
      expect(Buffer.byteLength(text)).toBeGreaterThan(3000);
      expect(readMoverResult(text)).toMatchObject({ outcome: 'failed' });
    },
  );

  it.each([undefined, '', 'Killed', '{}', 'null', '{"outcome":"fine"}'])(
    'is not what a mover wrote: %j',
    text => {
      expect(readMoverResult(text)).toBeUndefined();
    },
  );
});
