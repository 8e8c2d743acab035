import {
  ContentCipher,
  encryptionOverhead,
  nonceLength,
} from '../encryption/ContentCipher';
import { corrupt } from '../errors';
import { ContentHash } from '../hashing/ContentHash';

/** Keys of a repository, as everything above the format needs them. */
export interface RepositoryKeys {
  readonly hash: ContentHash;
  readonly cipher: ContentCipher;
}

/** Encrypts a whole blob and names it after its plaintext: `<prefix><hash>[-<suffix>]`. */
export function sealBlob(
  keys: RepositoryKeys,
  prefix: string,
  plain: Buffer,
  suffix: string,
): { id: string; data: Buffer } {
  const hash = keys.hash.digest(plain);
  const id = `${prefix}${hash.toString('hex')}${suffix ? `-${suffix}` : ''}`;
  return { id, data: keys.cipher.seal(plain, hash.subarray(-16)) };
}

/** Room around a plaintext that {@link sealBlobInPlace} needs. */
export const sealingRoom = {
  before: nonceLength,
  after: encryptionOverhead - nonceLength,
};

/** Like {@link sealBlob} without a copy: the plaintext lies in the middle of `out` and is overwritten. */
export function sealBlobInPlace(
  keys: RepositoryKeys,
  prefix: string,
  out: Buffer,
  suffix: string,
): { id: string; data: Buffer } {
  const plain = out.subarray(
    sealingRoom.before,
    out.length - sealingRoom.after,
  );
  const hash = keys.hash.digest(plain);
  keys.cipher.sealInto(out, 0, plain, hash.subarray(-16));
  return { id: `${prefix}${hash.toString('hex')}-${suffix}`, data: out };
}

/** What authenticates a whole blob: the last 16 bytes of the hash in its name. */
export function blobIv(id: string): Buffer {
  const digits = id.split('-', 1)[0].slice(-32);
  if (!/^[0-9a-f]{32}$/.test(digits))
    throw corrupt(`The name of blob ${id} holds no hash`, { blob: id });
  return Buffer.from(digits, 'hex');
}

/** Opens what {@link sealBlob} sealed. Throws `corrupt`, naming the blob. */
export function openBlob(
  keys: RepositoryKeys,
  id: string,
  data: Buffer,
): Buffer {
  try {
    return keys.cipher.open(data, blobIv(id));
  } catch (cause) {
    throw corrupt(
      `Blob ${id} is damaged: it does not decrypt`,
      { blob: id },
      cause,
    );
  }
}

export { encryptionOverhead };
