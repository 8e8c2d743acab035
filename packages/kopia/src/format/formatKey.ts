import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  pbkdf2,
  scrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { RandomBytes } from '../clock';
import { KopiaError } from '../errors';

/** How the key of the format block is made from a password. @public */
export type KeyDerivation = 'scrypt-65536-8-1' | 'pbkdf2-sha256-600000';

const scryptAsync = promisify(
  (
    password: string,
    salt: Buffer,
    done: (error: Error | null, key: Buffer) => void,
  ) =>
    // scrypt with these parameters needs 64 MiB; Node refuses above 32 MiB by default.
    scrypt(
      password,
      salt,
      32,
      { N: 65536, r: 8, p: 1, maxmem: 256 * 1024 * 1024 },
      done,
    ),
);
const pbkdf2Async = promisify(pbkdf2);

/** The 32-byte key of the format block. Takes a few hundred milliseconds, off the main thread. */
export async function deriveFormatKey(
  algorithm: string,
  password: string,
  uniqueId: Buffer,
): Promise<Buffer> {
  switch (algorithm) {
    case 'scrypt-65536-8-1':
      return scryptAsync(password, uniqueId);
    case 'pbkdf2-sha256-600000':
      return pbkdf2Async(password, uniqueId, 600_000, 32, 'sha256');
    default:
      throw new KopiaError(
        'unsupported',
        `Unknown key derivation "${algorithm}"`,
      );
  }
}

const derive = (key: Buffer, uniqueId: Buffer, purpose: string) =>
  Buffer.from(hkdfSync('sha256', key, uniqueId, purpose, 32));

/** Seals the format block or `kopia.blobcfg` (Kopia: AES-256-GCM, the purpose is HKDF's info). */
export function sealWithFormatKey(
  plain: Buffer,
  key: Buffer,
  uniqueId: Buffer,
  random: RandomBytes,
): Buffer {
  const nonce = random(12);
  const cipher = createCipheriv(
    'aes-256-gcm',
    derive(key, uniqueId, 'AES'),
    nonce,
  );
  cipher.setAAD(derive(key, uniqueId, 'CHECKSUM'));
  return Buffer.concat([
    nonce,
    cipher.update(plain),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** Opens what {@link sealWithFormatKey} sealed. Throws a plain Error when the key is another, or a byte is. */
export function openWithFormatKey(
  sealed: Buffer,
  key: Buffer,
  uniqueId: Buffer,
): Buffer {
  if (sealed.length < 28) throw new Error('sealed data is too short');
  const decipher = createDecipheriv(
    'aes-256-gcm',
    derive(key, uniqueId, 'AES'),
    sealed.subarray(0, 12),
    { authTagLength: 16 },
  );
  decipher.setAAD(derive(key, uniqueId, 'CHECKSUM'));
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([
    decipher.update(sealed.subarray(12, -16)),
    decipher.final(),
  ]);
}
