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

const bucketParameters = ['endpoint', 'region', 'pathStyle', 'insecure'];

/** Takes the location of a bucket apart. Throws `invalid-argument`. */
function parseLocation(location: string) {
  const invalid = (problem: string, cause?: unknown) =>
    new KopiaError('invalid-argument', `"${location}": ${problem}`, { cause });
  let url: URL;
  let path: string;
  try {
    url = new URL(location);
    path = decodeURIComponent(url.pathname.replace(/^\//, ''));
  } catch (cause) {
    throw invalid('this is not a location', cause);
  }
  if (url.protocol !== 's3:')
    throw invalid('only folders and s3://bucket/prefix are supported');
  if (!url.hostname) throw invalid('the bucket is missing');
  for (const name of url.searchParams.keys()) {
    if (!bucketParameters.includes(name))
      throw invalid(
        `there is no parameter "${name}", only ${bucketParameters.join(', ')}`,
      );
  }
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:\/\/[^/]/.test(endpoint))
    throw invalid('the endpoint must begin with http:// or https://');
  return {
    bucket: url.hostname,
    path,
    parameters: url.searchParams,
  };
}

/**
 * Opens a storage by its location: a folder's path, or `s3://bucket/prefix` with the parameters `endpoint`, `region`,
 * `pathStyle=false`, `insecure=true`. Calls are repeated on passing errors and have a time-out. Throws
 * `invalid-argument` for other locations.
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
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(location))
    return withRetry(
      await FolderStorage.open(location, { create: options.create }),
    );
  const { bucket, path, parameters } = parseLocation(location);
  // The SDK takes longer to load than a small folder repository takes to read.
  const { S3Storage } = require('./S3Storage') as typeof import('./S3Storage');
  const storage = new S3Storage({
    bucket,
    prefix: path && !path.endsWith('/') ? `${path}/` : path,
    endpoint: parameters.get('endpoint') ?? undefined,
    region: parameters.get('region') ?? process.env.AWS_REGION,
    forcePathStyle: parameters.has('pathStyle')
      ? parameters.get('pathStyle') !== 'false'
      : undefined,
    skipTlsVerify: parameters.get('insecure') === 'true',
    credentials: options.credentials,
  });
  return withRetry(withTimeout(storage, callTimeout));
}
