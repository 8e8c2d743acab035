import { corrupt } from '../errors';
import { blobConfigId } from './FormatBlob';

/** Object-lock settings of a repository, the content of `kopia.blobcfg`. @public */
export interface BlobConfig {
  readonly retentionMode?: 'GOVERNANCE' | 'COMPLIANCE';
  /** Milliseconds. */
  readonly retentionPeriodMs?: number;
}

/** Parses the opened `kopia.blobcfg`. */
export function parseBlobConfig(plain: Buffer): BlobConfig {
  let parsed: { retentionMode?: unknown; retentionPeriod?: unknown };
  try {
    parsed = JSON.parse(plain.toString('utf8')) as typeof parsed;
  } catch (cause) {
    throw corrupt(`${blobConfigId} is not JSON`, { blob: blobConfigId }, cause);
  }
  const { retentionMode: mode, retentionPeriod: period } = parsed;
  if (!mode && !period) return {};
  if (
    (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') ||
    typeof period !== 'number'
  ) {
    throw corrupt(`${blobConfigId} has unknown retention settings`, {
      blob: blobConfigId,
    });
  }
  return { retentionMode: mode, retentionPeriodMs: period / 1e6 };
}

/** The plaintext of `kopia.blobcfg`. */
export function writeBlobConfig({
  retentionMode,
  retentionPeriodMs,
}: BlobConfig): Buffer {
  if (!retentionMode || !retentionPeriodMs) return Buffer.from('{}');
  return Buffer.from(
    `{"retentionMode":"${retentionMode}","retentionPeriod":${
      BigInt(Math.round(retentionPeriodMs)) * 1_000_000n
    }}`,
  );
}

const lockedPrefixes = [
  'n',
  'x',
  'kopia.repository',
  'kopia.blobcfg',
  'p',
  'q',
];

/** Which blobs are written with an object lock (Kopia: locking storage). */
export function isRetained(blobId: string): boolean {
  return lockedPrefixes.some(prefix => blobId.startsWith(prefix));
}
