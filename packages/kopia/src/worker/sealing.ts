import {
  compressionHeader,
  compressorToWrite,
} from '../compression/compressors';
import {
  ContentCipher,
  createContentCipher,
  encryptionOverhead,
  nonceLength,
} from '../encryption/ContentCipher';
import { freeBuffer } from '../garbage';
import { ContentHash, createContentHash } from '../hashing/ContentHash';
import { Columns } from './columns';
import { fileMeter, FileRead, FileToRead, readFiles } from './readFiles';

/** What a worker needs to know about a repository. */
export interface SealerSetup {
  readonly hash: string;
  readonly secret: Uint8Array;
  readonly encryption: string;
  readonly masterKey: Uint8Array;
}

/** A stretch of the shared memory. */
export interface Stretch {
  readonly at: number;
  readonly length: number;
}

/** A chunk that shall be encrypted. */
export interface ChunkToSeal extends Stretch {
  /** In hexadecimal. */
  readonly iv: string;
  /** Name of the compressor. */
  readonly compressor: string | undefined;
}

/** An encrypted chunk in the shared memory. */
export interface SealedChunk extends Stretch {
  /** Header ID of the compressor, 0 when compression did not pay. */
  readonly compression: number;
}

/** Bytes that a sealed chunk takes before the chunk's first byte. */
export const sealedLead = nonceLength;
/** Bytes that it may take behind the chunk's last one. */
export const sealedTail = encryptionOverhead - nonceLength;

/** Hashes and encrypts chunks where they lie. */
export class Sealer {
  private readonly meter = fileMeter();

  private constructor(
    private readonly hashFunction: ContentHash,
    private readonly cipher: ContentCipher,
    private readonly memory: Buffer,
  ) {}

  static async create(setup: SealerSetup, memory: Buffer): Promise<Sealer> {
    const hash = await createContentHash(setup.hash, Buffer.from(setup.secret));
    return new Sealer(
      hash,
      createContentCipher(setup.encryption, Buffer.from(setup.masterKey)),
      memory,
    );
  }

  /** The hash of a chunk, in hexadecimal. */
  hash({ at, length }: Stretch): string {
    return this.hashFunction
      .digest(this.memory.subarray(at, at + length))
      .toString('hex');
  }

  /** Reads small files into the memory, and names them. */
  readFiles(files: readonly FileToRead[]): FileRead[] {
    return readFiles(files, this.memory, file => this.hash(file), this.meter);
  }

  /** Replaces each chunk by its encrypted form, which begins 12 bytes before it. */
  seal(chunks: readonly ChunkToSeal[]): SealedChunk[] {
    return chunks.map(chunk => this.sealChunk(chunk));
  }

  private sealChunk({ at, length, iv, compressor: name }: ChunkToSeal) {
    const plain = this.memory.subarray(at, at + length);
    const compressor = compressorToWrite(name);
    const start = at - sealedLead;
    const ivBytes = Buffer.from(iv, 'hex');
    if (compressor?.compress) {
      const compressed = compressor.compress(plain);
      if (compressed.length + 4 < length) {
        const head = compressionHeader(compressor.headerId);
        const written = this.cipher.sealInto(
          this.memory,
          start,
          compressed,
          ivBytes,
          head,
        );
        freeBuffer(compressed);
        return { at: start, length: written, compression: compressor.headerId };
      }
      freeBuffer(compressed);
    }
    return {
      at: start,
      length: this.cipher.sealInto(this.memory, start, plain, ivBytes),
      compression: 0,
    };
  }
}

/** A request to a worker. */
export type SealRequest = { readonly number: number } & (
  | { readonly kind: 'hash'; readonly stretch: Stretch }
  | { readonly kind: 'read'; readonly files: Columns<FileToRead> }
  | { readonly kind: 'seal'; readonly chunks: Columns<ChunkToSeal> }
);

/** A worker's answer. */
export type SealAnswer = { readonly number: number } & (
  | { readonly hash: string }
  | { readonly files: Columns<FileRead> }
  | { readonly sealed: Columns<SealedChunk> }
  | { readonly error: string }
);
