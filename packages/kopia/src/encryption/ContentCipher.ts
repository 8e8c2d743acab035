import {
  CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomFillSync,
} from 'node:crypto';
import { KopiaError } from '../errors';
import { freeBuffer } from '../garbage';

/** Bytes that encryption adds: nonce 12 + authentication tag 16. */
export const encryptionOverhead = 28;
export const nonceLength = 12;
const tagLength = 16;
// OpenSSL's output of large updates goes through fresh allocations; pieces of this size stay in the CPU's cache.
const piece = 128 * 1024;

/**
 * Authenticated encryption of contents and of whole blobs. The key of each item is derived from its `iv`, which is
 * also authenticated: an item under another name does not open.
 */
export interface ContentCipher {
  readonly name: string;
  /**
   * Writes nonce, ciphertext and tag to `out` from `at` on. `plain` may lie in `out` itself, if it begins exactly
   * where the ciphertext will (12 bytes after `at`).
   *
   * @returns bytes written: `head.length + plain.length + 28`
   */
  sealInto(
    out: Buffer,
    at: number,
    plain: Uint8Array,
    iv: Uint8Array,
    head?: Uint8Array,
  ): number;
  seal(plain: Uint8Array, iv: Uint8Array): Buffer;
  /** The result's memory is its own. Throws a plain Error when a byte is not as written, or the iv is another item's. */
  open(sealed: Uint8Array, iv: Uint8Array): Buffer;
  /** Opens piece by piece; `finish` must be called before what was opened is trusted. */
  opener(
    nonce: Uint8Array,
    iv: Uint8Array,
  ): { update(data: Uint8Array): Buffer; finish(tag: Uint8Array): void };
}

const algorithms: Record<string, string> = {
  'AES256-GCM-HMAC-SHA256': 'aes-256-gcm',
  'CHACHA20-POLY1305-HMAC-SHA256': 'chacha20-poly1305',
};

/** Names of the encryption algorithms that repositories can use. @public */
export const encryptionNames: readonly string[] = Object.keys(algorithms);

/** Random nonces, drawn from the system in batches. */
function nonceSource() {
  const batch = Buffer.alloc(nonceLength * 512);
  let used = batch.length;
  return () => {
    if (used === batch.length) {
      randomFillSync(batch);
      used = 0;
    }
    used += nonceLength;
    return batch.subarray(used - nonceLength, used);
  };
}

/**
 * Prepares a cipher.
 *
 * @param name - one of {@link encryptionNames}
 * @param masterKey - the repository's master key
 */
export function createContentCipher(
  name: string,
  masterKey: Buffer,
): ContentCipher {
  // Both are AEADs of 12-byte nonces; the type of the GCM overload fits both.
  const algorithm = algorithms[name] as CipherGCMTypes | undefined;
  if (!algorithm)
    throw new KopiaError(
      'unsupported',
      `Unknown encryption algorithm "${name}"`,
    );
  // The purpose is the salt here, not the info (unlike the format block's keys).
  const derivation = createSecretKey(
    Buffer.from(hkdfSync('sha256', masterKey, 'encryption', '', 32)),
  );
  const nextNonce = nonceSource();
  const options = { authTagLength: tagLength };
  // Passing raw key bytes to createCipheriv costs 10 µs more per call than a key object.
  const keyFor = (iv: Uint8Array) =>
    createSecretKey(createHmac('sha256', derivation).update(iv).digest());

  const sealInto: ContentCipher['sealInto'] = (out, at, plain, iv, head) => {
    const nonce = nextNonce();
    const cipher = createCipheriv(algorithm, keyFor(iv), nonce, options);
    cipher.setAAD(iv, { plaintextLength: plain.length + (head?.length ?? 0) });
    let to = at + nonceLength;
    if (head) {
      const first = cipher.update(head);
      to += first.copy(out, to);
    }
    for (let from = 0; from < plain.length; from += piece) {
      const sealed = cipher.update(plain.subarray(from, from + piece));
      to += sealed.copy(out, to);
      freeBuffer(sealed);
    }
    to += cipher.final().copy(out, to);
    nonce.copy(out, at);
    to += cipher.getAuthTag().copy(out, to);
    return to - at;
  };

  const opener: ContentCipher['opener'] = (nonce, iv) => {
    const decipher = createDecipheriv(algorithm, keyFor(iv), nonce, options);
    decipher.setAAD(iv, { plaintextLength: 0 });
    return {
      update: data => decipher.update(data),
      finish: tag => {
        decipher.setAuthTag(tag);
        decipher.final();
      },
    };
  };

  return {
    name,
    sealInto,
    seal(plain, iv) {
      const out = Buffer.allocUnsafe(plain.length + encryptionOverhead);
      sealInto(out, 0, plain, iv);
      return out;
    },
    open(sealed, iv) {
      if (sealed.length < encryptionOverhead)
        throw new Error('shorter than an encrypted item can be');
      const end = sealed.length - tagLength;
      const decipher = createDecipheriv(
        algorithm,
        keyFor(iv),
        sealed.subarray(0, nonceLength),
        options,
      );
      decipher.setAuthTag(sealed.subarray(end));
      decipher.setAAD(iv, { plaintextLength: end - nonceLength });
      const plain = decipher.update(sealed.subarray(nonceLength, end));
      decipher.final();
      return plain;
    },
    opener,
  };
}
