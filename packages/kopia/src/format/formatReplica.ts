import { createHmac } from 'node:crypto';

const replicaKey = 'kopia-repository';
const maximumLength = 65000;

/**
 * A copy of the format blob as packs of old repositories begin with: it can recover a lost `kopia.repository`.
 * Empty when the blob is too large.
 */
export function formatReplica(formatBlob: Buffer): Buffer {
  const checksummed = Buffer.concat([
    formatBlob,
    createHmac('sha256', replicaKey).update(formatBlob).digest(),
  ]);
  if (checksummed.length > maximumLength) return Buffer.alloc(0);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(checksummed.length);
  return Buffer.concat([length, checksummed, length]);
}
