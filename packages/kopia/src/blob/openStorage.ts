import { KopiaError } from '../errors';
import { BlobStorage } from './BlobStorage';
import { FolderStorage } from './FolderStorage';
import { withRetry } from './withRetry';
import { withTimeout } from './withTimeout';

// A pack of 29 MiB over a slow line.
const callTimeout = 10 * 60 * 1000;

/** @public */
export interface OpenStorageOptions {
  /** Make a folder that does not exist. */
  readonly create?: boolean;
  /** For S3; default: the SDK's usual chain. */
  readonly credentials?: {
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken?: string;
  };
}

/**
 * Opens a storage by its location: a folder's path, or `s3://bucket/prefix` with the parameters `endpoint`, `region`,
 * `pathStyle=false`, `insecure=true`. Calls are repeated on passing errors and have a time-out.
 *
 * @example
 * ```ts
 * const storage = await openStorage('s3://backups/kopia/shop/?endpoint=https://s3.example.com');
 * ```
 *
 * @public
 */
export async function openStorage(
  location: string,
  options: OpenStorageOptions = {},
): Promise<BlobStorage> {
  if (!location.startsWith('s3:'))
    return withRetry(
      await FolderStorage.open(location, { create: options.create }),
    );
  let url: URL;
  try {
    url = new URL(location);
  } catch (cause) {
    throw new KopiaError(
      'invalid-argument',
      `"${location}" is not a location`,
      { cause },
    );
  }
  const path = url.pathname.replace(/^\//, '');
  const { searchParams } = url;
  // The SDK takes longer to load than a small folder repository takes to read.
  const { S3Storage } = require('./S3Storage') as typeof import('./S3Storage');
  const storage = new S3Storage({
    bucket: url.hostname,
    prefix: path && !path.endsWith('/') ? `${path}/` : path,
    endpoint: searchParams.get('endpoint') ?? undefined,
    region: searchParams.get('region') ?? process.env.AWS_REGION,
    forcePathStyle: searchParams.has('pathStyle')
      ? searchParams.get('pathStyle') !== 'false'
      : undefined,
    skipTlsVerify: searchParams.get('insecure') === 'true',
    credentials: options.credentials,
  });
  return withRetry(withTimeout(storage, callTimeout));
}
