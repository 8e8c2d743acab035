import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtures } from '../testing/fixtures';
import {
  createContentCipher,
  encryptionNames,
  encryptionOverhead,
} from './ContentCipher';

const masterKey = Buffer.alloc(32, 5);
const iv = Buffer.alloc(16, 7);

describe.each(encryptionNames)('%s', name => {
  const cipher = createContentCipher(name, masterKey);

  it('opens what it sealed, of any size', () => {
    for (const size of [0, 1, 131_071, 131_072, 131_073, 1_000_000]) {
      const plain = Buffer.alloc(size, 3);
      const sealed = cipher.seal(plain, iv);
      expect(sealed).toHaveLength(size + encryptionOverhead);
      expect(cipher.open(sealed, iv).equals(plain)).toBe(true);
    }
  });

  it('seals in place, with a head', () => {
    const out = Buffer.alloc(300_100, 9);
    const plain = Buffer.from(out.subarray(12, 300_012));
    const length = cipher.sealInto(out, 0, out.subarray(12, 300_012), iv);
    expect(cipher.open(out.subarray(0, length), iv).equals(plain)).toBe(true);
    const withHead = cipher.sealInto(out, 5, plain, iv, Buffer.from('head'));
    expect(
      cipher
        .open(out.subarray(5, 5 + withHead), iv)
        .equals(Buffer.concat([Buffer.from('head'), plain])),
    ).toBe(true);
  });

  it('refuses any flipped bit and another iv', () => {
    const sealed = cipher.seal(Buffer.from('content'), iv);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(() => cipher.open(damaged, iv)).toThrow();
    }
    expect(() => cipher.open(sealed, Buffer.alloc(16, 8))).toThrow();
    expect(() => cipher.open(sealed.subarray(0, 27), iv)).toThrow('shorter');
  });

  it('opens piecewise', () => {
    const sealed = cipher.seal(Buffer.from('in two pieces'), iv);
    const opener = cipher.opener(sealed.subarray(0, 12), iv);
    const parts = [
      opener.update(sealed.subarray(12, 15)),
      opener.update(sealed.subarray(15, -16)),
    ];
    opener.finish(sealed.subarray(-16));
    expect(Buffer.concat(parts).toString()).toBe('in two pieces');
  });
});

const vectors =
  fixtures &&
  JSON.parse(readFileSync(join(fixtures, 'kopia-vectors.json'), 'utf8'))
    .encryption;
const withFixtures = vectors ? it : it.skip;
withFixtures('opens the vectors of the real program', () => {
  expect(Object.keys(vectors.results).sort()).toEqual(
    [...encryptionNames].sort(),
  );
  for (const name of encryptionNames) {
    const cipher = createContentCipher(
      name,
      Buffer.from(vectors.masterKeyHex, 'hex'),
    );
    const sealed = Buffer.from(vectors.results[name].ciphertextHex, 'hex');
    expect(
      cipher.open(sealed, Buffer.from(vectors.ivHex, 'hex')).toString(),
    ).toBe(vectors.plaintext);
  }
});
