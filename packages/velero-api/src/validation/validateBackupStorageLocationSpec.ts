import type { BackupStorageLocationSpec } from '../resources/BackupStorageLocation';
import { validateDuration } from './fields';

/** Multi-region access points are the one case of a "bucket" with a slash. */
const multiRegionAccessPoint =
  /^arn:aws(-[a-z]+)*:s3::\d{12}:accesspoint\/[a-zA-Z0-9.-]+$/;

const booleanKeys = [
  's3ForcePathStyle',
  'insecureSkipTLSVerify',
  'enableSharedConfig',
];

/**
 * What is wrong with a BackupStorageLocationSpec by itself; whether the bucket can be reached is for the controller to find
 * out.
 *
 * @returns One message per fault: which field, what is wrong, what is allowed. Empty if there is none.
 *
 * @public
 */
export function validateBackupStorageLocationSpec(
  spec: BackupStorageLocationSpec,
): string[] {
  const problems: string[] = [];
  const storage = spec.objectStorage;
  if (!spec.provider) {
    problems.push('spec.provider: is required, use "aws" for S3');
  }
  if (!storage?.bucket) {
    problems.push('spec.objectStorage.bucket: is required');
  } else if (
    storage.bucket.includes('/') &&
    !multiRegionAccessPoint.test(storage.bucket)
  ) {
    problems.push(
      `spec.objectStorage.bucket: "${storage.bucket}" must not contain a '/' (if using a prefix, put it in the 'prefix' field instead)`,
    );
  }
  if (storage?.prefix?.split('/').includes('..')) {
    problems.push(
      `spec.objectStorage.prefix: "${storage.prefix}" must not contain '..'`,
    );
  }
  if (storage?.caCert && storage.caCertRef) {
    problems.push(
      'spec.objectStorage: cannot specify both caCert and caCertRef in objectStorage',
    );
  }
  if (
    storage?.caCertRef &&
    !(storage.caCertRef.name && storage.caCertRef.key)
  ) {
    problems.push(
      'spec.objectStorage.caCertRef: must have the name of a Secret and a key in it',
    );
  }
  if (spec.credential && !(spec.credential.name && spec.credential.key)) {
    problems.push(
      'spec.credential: must have the name of a Secret and a key in it',
    );
  }
  if (
    spec.accessMode !== undefined &&
    spec.accessMode !== 'ReadOnly' &&
    spec.accessMode !== 'ReadWrite'
  ) {
    problems.push(
      `spec.accessMode: "${spec.accessMode}" is not allowed, use ReadOnly or ReadWrite`,
    );
  }
  return [
    ...problems,
    ...validateConfig(spec.config ?? {}),
    ...validateDuration(spec.backupSyncPeriod, 'spec.backupSyncPeriod'),
    ...validateDuration(spec.validationFrequency, 'spec.validationFrequency'),
  ];
}

function validateConfig(config: Record<string, unknown>): string[] {
  const problems: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== 'string') {
      problems.push(
        `spec.config.${key}: must be a text, write "${String(
          value,
        )}" in quotes`,
      );
    } else if (booleanKeys.includes(key) && !/^(true|false)?$/i.test(value)) {
      problems.push(
        `spec.config.${key}: "${value}" is not allowed, use "true" or "false"`,
      );
    }
  }
  for (const key of ['s3Url', 'publicUrl']) {
    const value = config[key];
    if (typeof value === 'string' && value !== '') {
      problems.push(...validateUrl(value, `spec.config.${key}`));
    }
  }
  return problems;
}

function validateUrl(value: string, field: string): string[] {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return [
      `${field}: "${value}" is not a URL, write for example https://s3.example.com`,
    ];
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return [`${field}: "${value}" must start with http:// or https://`];
  }
  if (url.pathname !== '/' || url.search || url.hash) {
    return [
      `${field}: "${value}" must not have a path; the bucket belongs into spec.objectStorage.bucket`,
    ];
  }
  if (url.username || url.password) {
    return [
      `${field}: must not hold credentials; they belong into the Secret of spec.credential`,
    ];
  }
  return [];
}
