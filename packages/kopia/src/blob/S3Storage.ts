import {
  Agent as HttpAgent,
  AgentOptions as HttpAgentOptions,
  IncomingMessage,
} from 'node:http';
import {
  Agent as HttpsAgent,
  AgentOptions as HttpsAgentOptions,
} from 'node:https';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ObjectLockMode,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
  S3ClientConfig,
  StorageClass,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { KopiaError } from '../errors';
import {
  blobNotFound,
  BlobCallOptions,
  BlobMetadata,
  BlobRange,
  BlobStorage,
  checkBlobId,
  PutOptions,
  shortBlob,
  totalLength,
} from './BlobStorage';
import { intoOneBuffer, receiveBody } from './receiving';

/** Where a bucket is and who may use it. @public */
export interface S3Options {
  readonly bucket: string;
  /** Put before every blob name as it is: end it with `/`. */
  readonly prefix?: string;
  /** URL of a service other than AWS. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Buckets in the path instead of the host name; the default where an endpoint is given. */
  readonly forcePathStyle?: boolean;
  /** Without it, the SDK's usual chain (environment, profile, instance role). */
  readonly credentials?: {
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken?: string;
  };
  /** PEM certificates to trust besides the system's. */
  readonly certificateAuthority?: string;
  readonly skipTlsVerify?: boolean;
  /** Milliseconds until a connection or a silent transfer is given up. */
  readonly timeoutMs?: number;
}

const hiddenConfiguration = '.storageconfig';
const codeOf = (error: unknown) => (error as { name?: string }).name ?? '';
const statusOf = (error: unknown) =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata
    ?.httpStatusCode;

// Trying again does not make a certificate trustworthy.
const certificateErrors = /CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/;

/** Failures before any answer: what is wrong, and whether another try may help. */
function describeFailure(error: unknown): [detail: string, retryable: boolean] {
  const name = codeOf(error);
  const { message, code = '' } = error as NodeJS.ErrnoException;
  if (name === 'CredentialsProviderError')
    return [`there are no access keys (${message})`, false];
  if (certificateErrors.test(code))
    return [`the server's certificate is not trusted (${message})`, false];
  return [name === 'Error' ? message : `${name} ${message}`, true];
}

function storageError(error: unknown, action: string, id: string): unknown {
  if (error instanceof KopiaError) return error;
  const name = codeOf(error);
  if (name === 'AbortError') return error;
  const status = statusOf(error);
  const options = { cause: error, place: { blob: id } };
  if (status === 404 && name === 'NoSuchBucket') {
    return new KopiaError(
      'not-found',
      `${action} ${id} failed: the bucket does not exist`,
      options,
    );
  }
  if (status === 404) return blobNotFound(id, error);
  if (status === 401 || status === 403) {
    return new KopiaError(
      'read-only',
      `${action} ${id} failed: ${name}, no permission (HTTP ${status})`,
      options,
    );
  }
  const [detail, retryable] = status
    ? [
        `${name} (HTTP ${status})`,
        status === 408 || status === 429 || status >= 500,
      ]
    : describeFailure(error);
  return new KopiaError('storage', `${action} ${id} failed: ${detail}`, {
    ...options,
    retryable,
  });
}

/**
 * A repository in an S3 bucket, with Kopia's keys: prefix + blob name, no folders.
 *
 * @public
 */
export class S3Storage implements BlobStorage {
  readonly description: string;
  private readonly client: S3Client;
  private readonly prefix: string;
  private readonly plainHttp: boolean;
  private storageClasses:
    | Promise<readonly { prefix: string; storageClass: StorageClass }[]>
    | undefined;

  /**
   * @example
   * ```ts
   * const storage = new S3Storage({ bucket: 'backups', prefix: 'kopia/shop/', endpoint: 'https://s3.example.com' });
   * ```
   */
  constructor(private readonly options: S3Options) {
    this.prefix = options.prefix ?? '';
    this.plainHttp = options.endpoint?.startsWith('http:') ?? false;
    this.description = `bucket ${options.bucket}/${this.prefix}`;
    const timeout = options.timeoutMs ?? 60_000;
    const config: S3ClientConfig = {
      region: options.region ?? 'us-east-1',
      endpoint: options.endpoint,
      forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
      credentials: options.credentials,
      maxAttempts: 1,
      // The AEAD tags and the Content-MD5 of locked uploads check every byte; hashing packs once more costs more CPU
      // than encrypting them.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: new NodeHttpHandler({
        connectionTimeout: Math.min(timeout, 15_000),
        // Of silence: large bodies may take their time on a slow line.
        socketTimeout: timeout,
        // Agents, not their options: from options the handler makes agents of its own for large bodies, without the
        // certificate authority and without connections that are used again.
        httpsAgent: new HttpsAgent({
          ca: options.certificateAuthority,
          rejectUnauthorized: !options.skipTlsVerify,
          maxSockets: 32,
          keepAlive: true,
          onread: intoOneBuffer(),
        } as HttpsAgentOptions),
        httpAgent: new HttpAgent({
          maxSockets: 32,
          keepAlive: true,
          onread: intoOneBuffer(),
        } as HttpAgentOptions),
      }),
      expectContinueHeader: false,
    };
    this.client = new S3Client(config);
  }

  private key(id: string) {
    checkBlobId(id);
    return { Bucket: this.options.bucket, Key: this.prefix + id };
  }

  async get(
    id: string,
    range?: BlobRange,
    options?: BlobCallOptions,
  ): Promise<Buffer> {
    // An empty range cannot be asked for.
    if (range?.length === 0) {
      const found = await this.stat(id, options);
      if (!found) throw blobNotFound(id);
      return Buffer.alloc(0);
    }
    try {
      const answer = await this.client.send(
        new GetObjectCommand({
          ...this.key(id),
          Range:
            range && `bytes=${range.offset}-${range.offset + range.length - 1}`,
        }),
        { abortSignal: options?.signal },
      );
      const expected = range ? range.length : answer.ContentLength;
      const data = await collect(answer.Body as Readable, expected);
      if (range && data.length !== range.length)
        throw shortBlob(id, range, data.length);
      return data;
    } catch (error) {
      options?.signal?.throwIfAborted();
      if (range && statusOf(error) === 416) throw shortBlob(id, range, 0);
      throw storageError(error, 'Reading', id);
    }
  }

  async put(
    id: string,
    data: Buffer | readonly Buffer[],
    options?: PutOptions,
  ): Promise<void> {
    const parts = Buffer.isBuffer(data) ? [data] : data;
    const length = totalLength(data);
    const md5 = createHash('md5');
    for (const part of parts) md5.update(part);
    try {
      const storageClass = (await this.classes(options?.signal)).find(
        ({ prefix }) => id.startsWith(prefix),
      )?.storageClass;
      const command = new PutObjectCommand({
        ...this.key(id),
        // One buffer can be signed and sent as it is; a stream would need chunked signing over plain HTTP.
        Body: parts.length === 1 ? parts[0] : Buffer.concat(parts, length),
        ContentLength: length,
        ContentType: 'application/x-kopia',
        ContentMD5: md5.digest('base64'),
        StorageClass: storageClass,
        ...(options?.retention && {
          ObjectLockMode: options.retention.mode as ObjectLockMode,
          ObjectLockRetainUntilDate: new Date(
            Date.now() + options.retention.periodMs,
          ),
        }),
      });
      command.middlewareStack.add(
        next => args => {
          // Content-MD5 and AEAD guard the body: signing it as well would be a third pass over every byte.
          (args.request as { headers: Record<string, string> }).headers[
            'x-amz-content-sha256'
          ] = 'UNSIGNED-PAYLOAD';
          return next(args);
        },
        { step: 'build', name: 'unsignedPayload', priority: 'low' },
      );
      await this.client.send(command, { abortSignal: options?.signal });
    } catch (error) {
      options?.signal?.throwIfAborted();
      throw storageError(error, 'Writing', id);
    }
  }

  private classes(signal?: AbortSignal) {
    this.storageClasses ??= this.readClasses(signal).catch(error => {
      this.storageClasses = undefined;
      throw error;
    });
    return this.storageClasses;
  }

  /** The object `.storageconfig` chooses storage classes by blob prefix (Kopia: S3 storage configuration). */
  private async readClasses(signal?: AbortSignal) {
    try {
      const text = (
        await this.get(hiddenConfiguration, undefined, { signal })
      ).toString('utf8');
      const parsed = JSON.parse(text) as {
        blobOptions?: { prefix?: string; storageClass?: StorageClass }[];
      };
      return (parsed.blobOptions ?? []).flatMap(({ prefix, storageClass }) =>
        storageClass ? [{ prefix: prefix ?? '', storageClass }] : [],
      );
    } catch (error) {
      if (
        error instanceof KopiaError &&
        (error.code === 'blob-not-found' || error.code === 'read-only')
      )
        return [];
      throw error;
    }
  }

  async *list(
    prefix: string,
    options?: BlobCallOptions,
  ): AsyncIterable<BlobMetadata> {
    let token: string | undefined;
    do {
      let page;
      try {
        page = await this.client.send(
          new ListObjectsV2Command({
            Bucket: this.options.bucket,
            Prefix: this.prefix + prefix,
            Delimiter: '/',
            ContinuationToken: token,
          }),
          { abortSignal: options?.signal },
        );
      } catch (error) {
        options?.signal?.throwIfAborted();
        throw storageError(error, 'Listing', `${prefix}*`);
      }
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        const id = Key?.slice(this.prefix.length);
        if (id && id !== hiddenConfiguration)
          yield {
            id,
            length: Size ?? 0,
            timestamp: LastModified?.getTime() ?? 0,
          };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token);
  }

  async delete(id: string, options?: BlobCallOptions): Promise<void> {
    try {
      await this.client.send(new DeleteObjectCommand(this.key(id)), {
        abortSignal: options?.signal,
      });
    } catch (error) {
      options?.signal?.throwIfAborted();
      const mapped = storageError(error, 'Deleting', id);
      if (mapped instanceof KopiaError && mapped.code === 'blob-not-found')
        return;
      throw mapped;
    }
  }

  async stat(
    id: string,
    options?: BlobCallOptions,
  ): Promise<BlobMetadata | undefined> {
    try {
      const head = await this.client.send(new HeadObjectCommand(this.key(id)), {
        abortSignal: options?.signal,
      });
      return {
        id,
        length: head.ContentLength ?? 0,
        timestamp: head.LastModified?.getTime() ?? 0,
      };
    } catch (error) {
      options?.signal?.throwIfAborted();
      const mapped = storageError(error, 'Looking at', id);
      if (mapped instanceof KopiaError && mapped.code === 'blob-not-found')
        return undefined;
      throw mapped;
    }
  }

  async extendRetention(
    id: string,
    retention: NonNullable<PutOptions['retention']>,
    options?: BlobCallOptions,
  ): Promise<void> {
    try {
      await this.client.send(
        new PutObjectRetentionCommand({
          ...this.key(id),
          ChecksumAlgorithm: this.plainHttp ? undefined : 'CRC32',
          Retention: {
            Mode: retention.mode,
            RetainUntilDate: new Date(Date.now() + retention.periodMs),
          },
        }),
        { abortSignal: options?.signal },
      );
    } catch (error) {
      options?.signal?.throwIfAborted();
      throw storageError(error, 'Prolonging the lock of', id);
    }
  }

  async close(): Promise<void> {
    this.client.destroy();
  }
}

async function collect(
  body: Readable,
  expected: number | undefined,
): Promise<Buffer> {
  if (expected === undefined) {
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part as Buffer);
    return Buffer.concat(parts);
  }
  return receiveBody(body as IncomingMessage, expected);
}
