import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { AwsCredentials, S3Settings } from '@lifeboat/velero-api';
import { explainS3Error, type S3Place } from './explainS3Error';
import { checkKey, checkPrefix } from './objectKeys';
import {
  ObjectNotFoundError,
  StorageError,
  type GetOptions,
  type ObjectStore,
  type PutOptions,
  type StoredObject,
  type SweepOptions,
} from './ObjectStore';

/** @public */
export interface S3ObjectStoreOptions {
  settings: S3Settings;
  credentials: AwsCredentials;
  /** What the keys were read from, for messages. */
  credentialsSource: string;
  /** PEM of CAs to trust besides the system's. */
  ca?: string;
  /** Throws when writes are not allowed any more; asked before each request. */
  beforeWrite?: () => void;
  /** No byte for this long ends a request; 60 000. */
  idleTimeoutMs?: number;
  connectTimeoutMs?: number;
}

// Parts are held in memory, twice at a time; 10 000 of them are allowed.
const partSize = 8 * 1024 * 1024;
const maxParts = 10_000;
const abandonedAfterMs = 24 * 3600 * 1000;
// CopyObject ends at 5 GiB.
const maxCopyBytes = 5 * 1024 ** 3;

/**
 * A bucket of anything that speaks S3.
 * @public
 */
export class S3ObjectStore implements ObjectStore {
  private readonly client: S3Client;
  private readonly settings: S3Settings;
  private readonly place: S3Place;

  constructor(options: S3ObjectStoreOptions) {
    const { settings } = options;
    this.settings = settings;
    this.place = {
      bucket: settings.bucket,
      endpoint: settings.endpoint ?? `AWS S3 in ${settings.region}`,
      region: settings.region,
      credentials: options.credentialsSource,
    };
    this.client = createClient(options);
  }

  async put(
    key: string,
    body: Readable | Buffer,
    options: PutOptions = {},
  ): Promise<void> {
    checkKey(key);
    await this.explained(options.signal, async () => {
      if (Buffer.isBuffer(body) && body.length <= partSize) {
        await this.client.send(
          new PutObjectCommand({ ...this.putInput(key), Body: body }),
          { abortSignal: options.signal },
        );
        return;
      }
      await this.upload(key, body, options);
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<Readable> {
    checkKey(key);
    const { range } = options;
    return this.explained(options.signal, async () => {
      try {
        const answer = await this.client.send(
          new GetObjectCommand({
            Bucket: this.settings.bucket,
            Key: key,
            ...(range
              ? { Range: `bytes=${range.start}-${range.end ?? ''}` }
              : {}),
          }),
          { abortSignal: options.signal },
        );
        return answer.Body as Readable;
      } catch (error) {
        if (isMissingObject(error)) throw new ObjectNotFoundError(key);
        throw error;
      }
    });
  }

  async stat(
    key: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<{ size: number; lastModified: Date } | undefined> {
    checkKey(key);
    return this.explained(options.signal, async () => {
      try {
        const answer = await this.client.send(
          new HeadObjectCommand({ Bucket: this.settings.bucket, Key: key }),
          { abortSignal: options.signal },
        );
        return {
          size: answer.ContentLength ?? 0,
          lastModified: answer.LastModified ?? new Date(0),
        };
      } catch (error) {
        if (isMissingObject(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncIterable<StoredObject> {
    for await (const page of this.pages(prefix, undefined, options.signal)) {
      for (const object of page.Contents ?? []) {
        if (object.Key === undefined || object.Key.endsWith('/')) continue;
        yield {
          key: object.Key,
          size: object.Size ?? 0,
          lastModified: object.LastModified ?? new Date(0),
        };
      }
    }
  }

  async *listDirectories(
    prefix: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncIterable<string> {
    for await (const page of this.pages(prefix, '/', options.signal)) {
      for (const common of page.CommonPrefixes ?? []) {
        if (common.Prefix !== undefined) yield common.Prefix;
      }
    }
  }

  async delete(
    keys: string[],
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    keys.forEach(checkKey);
    for (let start = 0; start < keys.length; start += 1000) {
      const batch = keys.slice(start, start + 1000);
      await this.explained(options.signal, async () => {
        const answer = await this.client.send(
          new DeleteObjectsCommand({
            Bucket: this.settings.bucket,
            Delete: { Objects: batch.map(Key => ({ Key })), Quiet: true },
          }),
          { abortSignal: options.signal },
        );
        const failed = (answer.Errors ?? []).filter(
          error => error.Code !== 'NoSuchKey',
        );
        if (failed.length > 0) {
          const [first] = failed;
          throw new StorageError(
            `${failed.length} of ${
              batch.length
            } objects could not be deleted from bucket "${
              this.settings.bucket
            }"; the first: ${first.Key}: ${first.Code} ${first.Message ?? ''}`,
            first.Code === 'AccessDenied' ? 'access-denied' : 'other',
          );
        }
      });
    }
  }

  async copy(
    from: string,
    to: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    checkKey(from);
    checkKey(to);
    const { signal } = options;
    const source = await this.stat(from, options);
    if (!source) throw new ObjectNotFoundError(from);
    if (source.size >= maxCopyBytes) {
      const body = await this.get(from, options);
      await this.put(to, body, { contentLength: source.size, signal });
      return;
    }
    await this.explained(signal, async () => {
      try {
        const { Bucket, Key, ...rest } = this.putInput(to);
        await this.client.send(
          new CopyObjectCommand({
            Bucket,
            Key,
            ...rest,
            CopySource: encodeCopySource(this.settings.bucket, from),
          }),
          { abortSignal: signal },
        );
      } catch (error) {
        if (isMissingObject(error)) throw new ObjectNotFoundError(from);
        throw error;
      }
    });
  }

  /** Uploads in parts that began a day ago: their process was killed. */
  async sweep(prefix: string, options: SweepOptions = {}): Promise<number> {
    checkPrefix(prefix);
    const { signal } = options;
    const { bucket } = this.settings;
    const age = options.olderThanMs ?? abandonedAfterMs;
    // The server's clock may run ahead of ours: without an age, all go.
    const before = age > 0 ? Date.now() - age : Infinity;
    const listed = await this.explained(signal, () =>
      this.client.send(
        new ListMultipartUploadsCommand({
          Bucket: bucket,
          ...(prefix ? { Prefix: prefix } : {}),
        }),
        { abortSignal: signal },
      ),
    );
    let removed = 0;
    // What does not fit into one answer is left to the next sweep.
    for (const { Key, UploadId, Initiated } of listed.Uploads ?? []) {
      if (!Key?.startsWith(prefix)) continue;
      if (age > 0 && (Initiated?.getTime() ?? Infinity) > before) continue;
      try {
        await this.client.send(
          new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }),
          { abortSignal: signal },
        );
      } catch (error) {
        signal?.throwIfAborted();
        // RGW lists an upload for a while after it was aborted.
        if ((error as Error).name === 'NoSuchUpload') continue;
        throw explainS3Error(error, this.place);
      }
      removed++;
    }
    return removed;
  }

  /** Closes idle connections. */
  close(): void {
    this.client.destroy();
  }

  private async upload(
    key: string,
    body: Readable | Buffer,
    options: PutOptions,
  ): Promise<void> {
    const { signal, contentLength } = options;
    const upload = new Upload({
      client: this.client,
      params: { ...this.putInput(key), Body: body },
      queueSize: 2,
      partSize: Math.max(
        partSize,
        Math.ceil((contentLength ?? 0) / maxParts / 1024) * 1024,
      ),
    });
    let bytes = 0;
    upload.on('httpUploadProgress', progress => {
      bytes = progress.loaded ?? bytes;
    });
    // A failing source must end the upload: lib-storage would wait for more.
    const failed = Buffer.isBuffer(body)
      ? new Promise<never>(() => undefined)
      : new Promise<never>((_, reject) => body.once('error', reject));
    const onAbort = () => {
      void upload.abort();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const done = upload.done();
      try {
        await Promise.race([done, failed]);
      } catch (error) {
        if (!Buffer.isBuffer(body)) body.destroy();
        await upload.abort().catch(() => undefined);
        await done.catch(() => undefined);
        await this.abandon(key, upload.uploadId);
        throw error;
      }
      if (contentLength !== undefined && bytes !== contentLength) {
        await this.delete([key]);
        throw new StorageError(
          `Object ${key} has ${bytes} bytes instead of the ${contentLength} announced`,
          'integrity',
        );
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (!Buffer.isBuffer(body) && !body.destroyed) body.destroy();
    }
  }

  /**
   * lib-storage removes the parts of an aborted upload some time after it has
   * said that it ended: nobody would wait for that.
   */
  private async abandon(
    key: string,
    uploadId: string | undefined,
  ): Promise<void> {
    if (!uploadId) return;
    await this.client
      .send(
        new AbortMultipartUploadCommand({
          Bucket: this.settings.bucket,
          Key: key,
          UploadId: uploadId,
        }),
      )
      // What remains is swept later.
      .catch(() => undefined);
  }

  private async *pages(
    prefix: string,
    delimiter: string | undefined,
    signal: AbortSignal | undefined,
  ) {
    checkPrefix(prefix);
    const read = (token: string | undefined) =>
      this.explained(signal, () =>
        this.client.send(
          new ListObjectsV2Command({
            Bucket: this.settings.bucket,
            ...(prefix ? { Prefix: prefix } : {}),
            ...(delimiter ? { Delimiter: delimiter } : {}),
            ...(token ? { ContinuationToken: token } : {}),
          }),
          { abortSignal: signal },
        ),
      );
    let next: string | undefined;
    do {
      const page = await read(next);
      yield page;
      next = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (next);
  }

  private putInput(
    key: string,
  ): Pick<
    PutObjectCommandInput,
    | 'Bucket'
    | 'Key'
    | 'ServerSideEncryption'
    | 'SSEKMSKeyId'
    | 'ChecksumAlgorithm'
  > & { Bucket: string; Key: string } {
    const { bucket, serverSideEncryption, kmsKeyId, checksumAlgorithm } =
      this.settings;
    return {
      Bucket: bucket,
      Key: key,
      ...(serverSideEncryption
        ? { ServerSideEncryption: serverSideEncryption }
        : {}),
      ...(kmsKeyId ? { SSEKMSKeyId: kmsKeyId } : {}),
      ...(checksumAlgorithm ? { ChecksumAlgorithm: checksumAlgorithm } : {}),
    };
  }

  private async explained<T>(
    signal: AbortSignal | undefined,
    action: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw explainS3Error(error, this.place);
    }
  }
}

function createClient(options: S3ObjectStoreOptions): S3Client {
  const { settings, credentials, ca, beforeWrite } = options;
  const tls = {
    ...(ca ? { ca } : {}),
    ...(settings.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
  };
  const handler = new NodeHttpHandler({
    connectionTimeout: options.connectTimeoutMs ?? 5_000,
    socketTimeout: options.idleTimeoutMs ?? 60_000,
    httpAgent: new http.Agent({ keepAlive: true, maxSockets: 32 }),
    httpsAgent: new https.Agent({ keepAlive: true, maxSockets: 32, ...tls }),
  });
  const checksums = settings.checksumAlgorithm
    ? 'WHEN_SUPPORTED'
    : 'WHEN_REQUIRED';
  const client = new S3Client({
    region: settings.region,
    ...(settings.endpoint
      ? { endpoint: settings.endpoint }
      : { followRegionRedirects: true }),
    forcePathStyle: settings.forcePathStyle,
    credentials,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    requestHandler: handler,
    maxAttempts: 4,
  });
  // Innermost step: runs again for each attempt, right before the request leaves.
  client.middlewareStack.add(
    next => async args => {
      const { method } = args.request as { method?: string };
      if (method !== 'GET' && method !== 'HEAD') beforeWrite?.();
      try {
        return await next(args);
      } catch (error) {
        throw asError(error);
      }
    },
    { step: 'deserialize', name: 'lifeboatFence', priority: 'low' },
  );
  if (!settings.checksumAlgorithm) {
    client.middlewareStack.add(
      next => async args => {
        const request = args.request as {
          method?: string;
          body?: unknown;
          headers: Record<string, string>;
        };
        if (request.method === 'PUT' && Buffer.isBuffer(request.body)) {
          request.headers['content-md5'] = createHash('md5')
            .update(request.body)
            .digest('base64');
        }
        return next(args);
      },
      { step: 'build', name: 'lifeboatContentMd5' },
    );
  }
  return client;
}

/**
 * The SDK strips errors that are no `Error` of its own realm, as Node's are
 * inside of `vm` contexts (jest): their code would be lost.
 */
function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  const { message, name, code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message, { cause: error }), { name, code });
}

/** The object is missing; a missing bucket is something else. */
function isMissingObject(error: unknown): boolean {
  const { name, $metadata } = error as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (name === 'NoSuchBucket') return false;
  return (
    name === 'NoSuchKey' ||
    name === 'NotFound' ||
    $metadata?.httpStatusCode === 404
  );
}

function encodeCopySource(bucket: string, key: string): string {
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
