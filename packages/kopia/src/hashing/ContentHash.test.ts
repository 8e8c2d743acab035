import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtures } from '../testing/fixtures';
import { createContentHash, hashLength, hashNames } from './ContentHash';

const secret = Buffer.from(Array.from({ length: 32 }, (_, i) => i));

it('names contents as Kopia does', async () => {
  const hash = await createContentHash('BLAKE2B-256-128', secret);
  expect(hash.length).toBe(16);
  expect(
    hash.digest(Buffer.from('kopia conformance vector')).toString('hex'),
  ).toBe('24a45cf86388cfae606348c64a892c5e');
  expect(hash.digest(Buffer.alloc(0)).toString('hex')).toBe(
    '4e51e7a913fc80137da52880fecca175',
  );
});

it('keeps earlier digests when it is used again', async () => {
  for (const name of hashNames) {
    const hash = await createContentHash(name, secret);
    const first = hash.digest(Buffer.from('a'));
    const text = first.toString('hex');
    hash.digest(Buffer.from('b'));
    expect(first.toString('hex')).toBe(text);
  }
});

it('refuses unknown names', async () => {
  await expect(createContentHash('MD5', secret)).rejects.toThrow(
    'Unknown hash function "MD5"',
  );
});

const vectors =
  fixtures &&
  JSON.parse(readFileSync(join(fixtures, 'kopia-vectors.json'), 'utf8'))
    .hashing;
const withFixtures = vectors ? it : it.skip;
withFixtures('reproduces every vector, also with a short secret', async () => {
  const message = Buffer.from(vectors.message);
  expect(Object.keys(vectors.results).sort()).toEqual([...hashNames].sort());
  for (const name of hashNames) {
    const hash = await createContentHash(
      name,
      Buffer.from(vectors.secretHex, 'hex'),
    );
    expect([name, hash.digest(message).toString('hex')]).toEqual([
      name,
      vectors.results[name].hash,
    ]);
    expect(hash.digest(Buffer.alloc(0)).toString('hex')).toBe(
      vectors.results[name].hashEmpty,
    );
    expect(hash.digest(message)).toHaveLength(hashLength(name));
    const short = await createContentHash(
      name,
      Buffer.from(vectors.secretHex, 'hex').subarray(0, 20),
    );
    expect([name, short.digest(message).toString('hex')]).toEqual([
      name,
      vectors.resultsWithFirst20SecretBytes[name],
    ]);
  }
});
