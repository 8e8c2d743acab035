import { createHmac, createSecretKey } from 'node:crypto';
import { createBLAKE2b, createBLAKE2s, createBLAKE3, IHasher } from 'hash-wasm';
import { KopiaError } from '../errors';
import { blake3DeriveKey } from './blake3DeriveKey';

/**
 * The keyed hash function that names contents.
 */
export interface ContentHash {
  readonly name: string;
  /** Bytes of a digest. */
  readonly length: number;
  digest(data: Uint8Array): Buffer;
}

type Make = (secret: Buffer) => Promise<(data: Uint8Array) => Uint8Array>;

const wasm =
  (create: (secret: Buffer) => Promise<IHasher>): Make =>
  async secret => {
    const hasher = await create(secret);
    return data => hasher.init().update(data).digest('binary');
  };

const hmac =
  (algorithm: string): Make =>
  async secret => {
    const key = createSecretKey(secret);
    return data => createHmac(algorithm, key).update(data).digest();
  };

const blake3Context = 'kopia blake3 derived key v1';
const blake3Key = (secret: Buffer) =>
  (secret.length >= 32
    ? secret
    : blake3DeriveKey(blake3Context, secret)
  ).subarray(0, 32);

const blake2b = wasm(secret => createBLAKE2b(256, secret));
const blake3 = wasm(secret => createBLAKE3(256, blake3Key(secret)));

// Names and lengths: Kopia's hash registry. BLAKE2B-256-128 is a 256-bit digest cut in half, BLAKE2S-128 a native one.
const functions: Record<string, { length: number; make: Make }> = {
  'BLAKE2B-256-128': { length: 16, make: blake2b },
  'BLAKE2B-256': { length: 32, make: blake2b },
  'BLAKE2S-128': {
    length: 16,
    make: wasm(secret => createBLAKE2s(128, secret)),
  },
  'BLAKE2S-256': {
    length: 32,
    make: wasm(secret => createBLAKE2s(256, secret)),
  },
  'BLAKE3-256': { length: 32, make: blake3 },
  'BLAKE3-256-128': { length: 16, make: blake3 },
  'HMAC-SHA256': { length: 32, make: hmac('sha256') },
  'HMAC-SHA256-128': { length: 16, make: hmac('sha256') },
  'HMAC-SHA224': { length: 28, make: hmac('sha224') },
  'HMAC-SHA3-224': { length: 28, make: hmac('sha3-224') },
  'HMAC-SHA3-256': { length: 32, make: hmac('sha3-256') },
};

/** Names of all hash functions that repositories can use. @public */
export const hashNames: readonly string[] = Object.keys(functions);

/** Bytes of a digest of the named function. Throws on an unknown name. */
export function hashLength(name: string): number {
  const found = functions[name];
  if (!found)
    throw new KopiaError('unsupported', `Unknown hash function "${name}"`);
  return found.length;
}

/**
 * Prepares a hash function (compiles its WebAssembly once).
 *
 * @param name - one of {@link hashNames}
 * @param secret - the repository's hash secret, 32 bytes as a rule
 */
export async function createContentHash(
  name: string,
  secret: Buffer,
): Promise<ContentHash> {
  const length = hashLength(name);
  const full = await functions[name].make(secret);
  return {
    name,
    length,
    digest: data => {
      const bytes = full(data);
      return Buffer.from(bytes.buffer, bytes.byteOffset, length);
    },
  };
}
