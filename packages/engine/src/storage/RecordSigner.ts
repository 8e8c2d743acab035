import type { BackupScope } from '@lifeboat/velero-api';

/**
 * What a backup says about itself for later decisions: kept signed in
 * `backups/<b>/<b>-lifeboat-record.json.gz`.
 * @public
 */
export interface BackupRecord {
  version: 1;
  backup: { name: string; uid: string; specDigest: string };
  /** Undefined for backups that no entity asked for. */
  scope?: BackupScope;
  /** The namespaces in the backup, as they were when it was made. */
  namespaces: {
    name: string;
    uid: string;
    consent?: { source: 'namespace' | 'config'; entities: string[] };
  }[];
  /** SHA-256 of the gzipped tarball, hexadecimal. */
  tarballSha256: string;
  /** Objects that workloads outside the selector use too, as `<group resource>/<namespace>/<name>`. */
  shared: string[];
  createdAt: string;
}

/** @public */
export interface SignedRecord {
  record: BackupRecord;
  signature: {
    algorithm: 'HMAC-SHA256';
    /** First 16 hexadecimal digits of the SHA-256 of the key. */
    keyId: string;
    /** Hexadecimal HMAC over the record as JSON with sorted members. */
    value: string;
  };
}

/** @public */
export type Verification =
  | { verified: true; record: BackupRecord }
  | {
      verified: false;
      reason: 'missing' | 'unknown-key' | 'altered' | 'malformed';
      message: string;
    };

/** @public */
export interface RecordSigner {
  readonly keyId: string;
  sign(record: BackupRecord): SignedRecord;
  /** Accepts anything, as read from storage. */
  verify(value: unknown): Verification;
}
