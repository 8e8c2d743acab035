import { corrupt, KopiaError } from '../errors';

/** Names of the blobs that describe a repository. */
export const formatBlobId = 'kopia.repository';
export const blobConfigId = 'kopia.blobcfg';

/** The outer, clear part of `kopia.repository`. */
export interface FormatBlob {
  /** Salt of all key derivations. */
  readonly uniqueId: Buffer;
  readonly keyAlgorithm: string;
  readonly sealed: Buffer;
}

const base64 = (value: unknown) =>
  typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.alloc(0);

/** Parses `kopia.repository`. Throws `corrupt` or `unsupported`. */
export function parseFormatBlob(raw: Buffer): FormatBlob {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(raw.toString('utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw corrupt(`${formatBlobId} is not JSON`, { blob: formatBlobId }, cause);
  }
  const uniqueId = base64(parsed?.uniqueID);
  const sealed = base64(parsed?.encryptedBlockFormat);
  if (
    parsed?.tool !== 'https://github.com/kopia/kopia' ||
    uniqueId.length < 16
  ) {
    throw corrupt(`${formatBlobId} does not describe a Kopia repository`, {
      blob: formatBlobId,
    });
  }
  if (parsed.encryption !== 'AES256_GCM') {
    throw new KopiaError(
      'unsupported',
      `The format block is encrypted with unknown "${parsed.encryption}"`,
    );
  }
  if (sealed.length === 0)
    throw corrupt(`${formatBlobId} has no format block`, {
      blob: formatBlobId,
    });
  return { uniqueId, sealed, keyAlgorithm: String(parsed.keyAlgo) };
}

/** The bytes of `kopia.repository`. */
export function writeFormatBlob({
  uniqueId,
  keyAlgorithm,
  sealed,
}: FormatBlob): Buffer {
  const text = JSON.stringify(
    {
      tool: 'https://github.com/kopia/kopia',
      buildVersion: 'lifeboat',
      buildInfo: '@lifeboat/kopia',
      uniqueID: uniqueId.toString('base64'),
      keyAlgo: keyAlgorithm,
      encryption: 'AES256_GCM',
      encryptedBlockFormat: sealed.toString('base64'),
    },
    undefined,
    2,
  );
  return Buffer.from(`${text}\n`);
}
