import type { BackupStorageLocationSpec } from '../resources/BackupStorageLocation';

/**
 * What is wrong with the settings of a storage location, and what is allowed.
 *
 * @public
 */
export class LocationSettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LocationSettingsError';
  }
}

/**
 * The provider that keeps backups in a folder.
 *
 * @public
 */
export const filesystemProvider = 'lifeboat.dev/filesystem';

/**
 * How a location's storage is spoken to: S3 with the config keys of Velero's AWS plugin, or a folder.
 *
 * @throws LocationSettingsError for all other providers
 *
 * @public
 */
export function storageProvider(
  spec: BackupStorageLocationSpec,
): 's3' | 'filesystem' {
  const provider = spec.provider.replace(/^velero\.io\//, '');
  if (provider === filesystemProvider) return 'filesystem';
  if (provider === 'aws') return 's3';
  throw new LocationSettingsError(
    `spec.provider "${spec.provider}" is not supported; allowed are "aws" (S3: AWS, MCG, RGW, MinIO and others) and "${filesystemProvider}"`,
  );
}

/**
 * The folder of a location of the provider `lifeboat.dev/filesystem`.
 *
 * @throws LocationSettingsError when it is missing or not absolute
 *
 * @public
 */
export function readFilesystemPath(spec: BackupStorageLocationSpec): string {
  const folder = spec.config?.path ?? '';
  // As path.isAbsolute says on the systems where the engine runs; this module is for browsers too.
  if (folder.startsWith('/')) return folder;
  throw new LocationSettingsError(
    `config.path is "${folder}"; provider ${filesystemProvider} needs the absolute path of an existing folder`,
  );
}

/**
 * What the S3 client needs to know, read from a location's `config`.
 *
 * @public
 */
export interface S3Settings {
  bucket: string;
  region: string;
  /** Absent: AWS itself. */
  endpoint?: string;
  forcePathStyle: boolean;
  insecureSkipTlsVerify: boolean;
  profile: string;
  /** Undefined: only where the API demands one, as RGW and older MCG need it. */
  checksumAlgorithm?: ChecksumName;
  serverSideEncryption?: 'AES256' | 'aws:kms';
  kmsKeyId?: string;
}

const checksumNames = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
] as const;

/**
 * Checksums that an S3 server can be asked to keep.
 *
 * @public
 */
export type ChecksumName = (typeof checksumNames)[number];

/**
 * Reads the config keys of Velero's AWS plugin as OADP writes them. All values
 * are strings; an absent `checksumAlgorithm` means none (as OADP writes `""`),
 * because many S3 servers refuse or ignore the SDK's default.
 *
 * @throws LocationSettingsError
 *
 * @public
 */
export function readS3Settings(spec: BackupStorageLocationSpec): S3Settings {
  const config = spec.config ?? {};
  const bucket = spec.objectStorage?.bucket ?? '';
  if (bucket === '') {
    throw settingsError('spec.objectStorage.bucket is empty');
  }
  if (bucket.includes('/') && !isMultiRegionAccessPoint(bucket)) {
    throw settingsError(
      `spec.objectStorage.bucket is "${bucket}": a bucket's name has no "/"; put folders into spec.objectStorage.prefix`,
    );
  }
  for (const key of [
    'customerKeyEncryptionFile',
    'customerKeyEncryptionSecret',
  ]) {
    if (config[key]) {
      throw settingsError(
        `config.${key} is not supported: encryption with customer keys would silently be left out. Use serverSideEncryption, or a bucket that encrypts by default`,
      );
    }
  }
  const encryption = config.serverSideEncryption || undefined;
  if (encryption && encryption !== 'AES256' && encryption !== 'aws:kms') {
    throw settingsError(
      `config.serverSideEncryption is "${encryption}"; allowed are AES256 and aws:kms`,
    );
  }
  const kmsKeyId = config.kmsKeyId || undefined;
  const endpoint = config.s3Url ? readEndpoint(config.s3Url) : undefined;
  const checksumAlgorithm = readChecksum(config.checksumAlgorithm);
  const sse = kmsKeyId ? 'aws:kms' : encryption;
  return {
    bucket,
    region: config.region || 'us-east-1',
    ...(endpoint ? { endpoint } : {}),
    forcePathStyle: readBoolean(config, 's3ForcePathStyle'),
    insecureSkipTlsVerify: readBoolean(config, 'insecureSkipTLSVerify'),
    profile: config.profile || 'default',
    ...(checksumAlgorithm ? { checksumAlgorithm } : {}),
    ...(sse ? { serverSideEncryption: sse as 'AES256' | 'aws:kms' } : {}),
    ...(kmsKeyId ? { kmsKeyId } : {}),
  };
}

/** Default ports are left out, because servers sign without them. */
function readEndpoint(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw settingsError(
      `config.s3Url is "${text}"; it must be a URL such as https://s3.example.com`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw settingsError(
      `config.s3Url is "${text}"; it must begin with http:// or https://`,
    );
  }
  if (url.pathname !== '/' || url.search || url.hash) {
    throw settingsError(
      `config.s3Url is "${text}"; it must not have a path: bucket and prefix belong into spec.objectStorage`,
    );
  }
  if (url.username || url.password) {
    throw settingsError(
      'config.s3Url holds a user name or password: keys belong into the credential Secret',
    );
  }
  return url.origin;
}

function readBoolean(config: Record<string, string>, key: string): boolean {
  const text = config[key];
  if (text === undefined || text === '') return false;
  if (/^(?:true|t|1)$/i.test(text)) return true;
  if (/^(?:false|f|0)$/i.test(text)) return false;
  throw settingsError(
    `config.${key} is "${text}"; allowed are "true" and "false"`,
  );
}

function readChecksum(text: string | undefined): ChecksumName | undefined {
  if (!text) return undefined;
  const name = checksumNames.find(known => known === text.toUpperCase());
  if (!name) {
    throw settingsError(
      `config.checksumAlgorithm is "${text}"; allowed are "" (none), ${checksumNames.join(
        ', ',
      )}`,
    );
  }
  return name;
}

function isMultiRegionAccessPoint(bucket: string): boolean {
  return /^arn:aws[\w-]*:s3::\d{12}:accesspoint\/[\w.-]+$/.test(bucket);
}

function settingsError(message: string): LocationSettingsError {
  return new LocationSettingsError(message);
}
