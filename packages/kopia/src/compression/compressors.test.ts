import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtures } from '../testing/fixtures';
import { xorshift } from '../testing/xorshift';
import {
  compressionHeader,
  compressorOfHeader,
  compressorToWrite,
  decompressPayload,
  writableCompressors,
} from './compressors';

const data = Buffer.concat([
  Buffer.alloc(100_000, 'lifeboat '),
  xorshift(3, 10_000),
]);
const s2Sample = 'AAASAP8GAABTMnNUd08AQwAA';

describe.each(writableCompressors)('%s', name => {
  const compressor = compressorToWrite(name)!;

  it('reads what it wrote', () => {
    const payload = Buffer.concat([
      compressionHeader(compressor.headerId),
      compressor.compress!(data),
    ]);
    expect(payload.length).toBeLessThan(20_000);
    expect(
      decompressPayload(payload, data.length, compressor.headerId).equals(data),
    ).toBe(true);
    const none = compressor.compress!(Buffer.alloc(0));
    expect(compressor.decompress(none, 0)).toHaveLength(0);
  });

  it('never produces more than the index promises', () => {
    expect(() =>
      compressor.decompress(compressor.compress!(data), data.length - 1),
    ).toThrow();
  });

  it('refuses a truncated stream', () => {
    const stream = compressor.compress!(data);
    expect(() => {
      const out = compressor.decompress(
        stream.subarray(0, stream.length - 5),
        data.length,
      );
      if (out.length !== data.length) throw new Error('short');
    }).toThrow();
  });
});

it('refuses removed, unknown and read-only compressors by name', () => {
  expect(() => compressorOfHeader(0x1400)).toThrow(/"lz4".*removed/);
  expect(() => compressorOfHeader(0x9999)).toThrow('Unknown compressor 0x9999');
  expect(() => compressorToWrite('s2-default')).toThrow('cannot be written');
  expect(() => compressorToWrite('lz4')).toThrow('cannot be written');
  expect(compressorToWrite('none')).toBeUndefined();
});

it('refuses a header that is not the one in the index', () => {
  expect(() =>
    decompressPayload(compressionHeader(0x1100), 10, 0x1101),
  ).toThrow('the index says 0x1101');
  expect(() => decompressPayload(Buffer.alloc(3), 10)).toThrow(
    'without its header',
  );
});

it('refuses damaged S2 streams', () => {
  expect(() =>
    decompressPayload(Buffer.from(s2Sample, 'base64'), 10),
  ).toThrow();
  expect(() =>
    compressorOfHeader(0x1200).decompress(
      Buffer.from([0, 4, 0, 0, 0, 0, 0, 0]),
      10,
    ),
  ).toThrow('no identifier');
});

const vectors =
  fixtures &&
  JSON.parse(readFileSync(join(fixtures, 'kopia-vectors.json'), 'utf8'))
    .compression;
const withFixtures = vectors ? it : it.skip;
withFixtures('reads every vector of the real program', () => {
  const plain = Buffer.from(
    'The quick brown fox jumps over the lazy dog. 0123456789 '.repeat(40),
  );
  let read = 0;
  for (const [name, vector] of Object.entries<any>(vectors.results)) {
    if (!vector.supported) {
      expect(() => compressorOfHeader(Number(vector.headerID))).toThrow(name);
      continue;
    }
    const payload = Buffer.from(vector.compressedBase64, 'base64');
    expect([
      name,
      decompressPayload(payload, plain.length, Number(vector.headerID)).equals(
        plain,
      ),
    ]).toEqual([name, true]);
    read += 1;
    if (name.startsWith('s2')) {
      for (let bit = 32; bit < payload.length * 8; bit++) {
        const damaged = Buffer.from(payload);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        let out: Buffer | undefined;
        try {
          out = decompressPayload(damaged, plain.length);
        } catch {
          continue;
        }
        expect(out.equals(plain) || out.length < plain.length).toBe(true);
      }
    }
  }
  expect(read).toBe(17);
});
