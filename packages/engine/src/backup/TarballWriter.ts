import { createHash } from 'crypto';
import { PassThrough, Readable, Transform, pipeline } from 'stream';
import { createGzip } from 'zlib';
import { pack as createPack } from 'tar-stream';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { stringifyJson } from '../cluster/json';
import {
  ItemLocation,
  itemPath,
  preferredVersionFolder,
  tarballFormatVersion,
} from './itemPath';

/** What the finished tarball is, for the signed record. */
export interface TarballFacts {
  /** SHA-256 of the gzipped bytes, hexadecimal. */
  sha256: string;
  /** Gzipped bytes. */
  size: number;
}

/** The tarball cannot be written any more, so the run cannot go on. */
export class TarballLostError extends Error {
  constructor(cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`the backup's contents could not be stored: ${text}`, { cause });
    this.name = 'TarballLostError';
  }
}

/**
 * Writes a backup's tarball as a stream: `metadata/version` first, then each item twice (plain path and preferred version),
 * gzipped and hashed on the way. Nothing but the entry being written is kept in memory; writers wait for the reader.
 *
 * Source: Velero, tarball format 1.1.0.
 */
export class TarballWriter {
  /** The gzipped bytes, to be read while items are added. */
  readonly output: Readable;
  private readonly pack = createPack();
  private readonly hash = createHash('sha256');
  private size = 0;
  private failure?: Error;
  private readonly time: Date;

  /** @param clock - time of the entries */
  constructor(clock: () => Date) {
    this.time = clock();
    const output = new PassThrough();
    const digest = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.hash.update(chunk);
        this.size += chunk.length;
        done(null, chunk);
      },
    });
    // tar-stream's pack is a streamx stream: readable through Node's pipeline.
    pipeline(
      this.pack as unknown as Readable,
      createGzip(),
      digest,
      output,
      error => {
        if (error) {
          this.failure ??= error;
          this.pack.destroy(error);
        }
      },
    );
    this.output = output;
  }

  /** Writes `metadata/version`; must come first. */
  async start(): Promise<void> {
    await this.entry(
      'metadata/version',
      Buffer.from(`${tarballFormatVersion}\n`),
    );
  }

  /**
   * Adds an object under its plain path and under its preferred version.
   *
   * @throws TarballLostError when the reader of {@link TarballWriter.output} has failed
   */
  async add(
    location: ItemLocation,
    version: string,
    object: KubernetesObject,
  ): Promise<void> {
    const bytes = Buffer.from(stringifyJson(object, { sortKeys: true }));
    await this.entry(itemPath(location), bytes);
    await this.entry(
      itemPath(location, preferredVersionFolder(version)),
      bytes,
    );
  }

  /**
   * Adds a file as it is.
   *
   * @throws TarballLostError as add does
   */
  async addFile(name: string, bytes: Buffer): Promise<void> {
    await this.entry(name, bytes);
  }

  /** Ends the tarball. The facts are final once {@link TarballWriter.output} has been read to its end. */
  finish(): void {
    this.pack.finalize();
  }

  /** Facts of the bytes written so far. */
  facts(): TarballFacts {
    return { sha256: this.hash.copy().digest('hex'), size: this.size };
  }

  /** Ends everything; the reader sees the error. */
  abort(error: Error): void {
    this.failure ??= error;
    this.pack.destroy(error);
    this.output.destroy(error);
  }

  private async entry(name: string, bytes: Buffer): Promise<void> {
    if (this.failure) {
      throw new TarballLostError(this.failure);
    }
    await new Promise<void>((resolve, reject) => {
      this.output.once('close', onClose);
      const done = (error?: Error | null) => {
        this.output.removeListener('close', onClose);
        if (error) {
          reject(new TarballLostError(this.failure ?? error));
        } else {
          resolve();
        }
      };
      function onClose() {
        done(new Error('the tarball’s reader has gone'));
      }
      const entry = this.pack.entry(
        {
          name,
          mode: 0o755,
          type: 'file',
          size: bytes.length,
          mtime: this.time,
        },
        done,
      );
      entry.end(bytes);
    });
  }
}
