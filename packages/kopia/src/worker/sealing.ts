import {
  compressionHeader,
  compressorToWrite,
} from '../compression/compressors';
import {
  ContentCipher,
  createContentCipher,
  nonceLength,
} from '../encryption/ContentCipher';
import { freeBuffer } from '../garbage';
import { ContentHash, createContentHash } from '../hashing/ContentHash';

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

/** An encrypted chunk in the shared memory. */
export interface SealedChunk extends Stretch {
  /** Header ID of the compressor, 0 when compression did not pay. */
  readonly compression: number;
}

/** Bytes that a sealed chunk takes before the chunk's first byte. */
export const sealedLead = nonceLength;

/** Hashes and encrypts chunks where they lie. */
export class Sealer {
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

  /** Replaces a chunk by its encrypted form, which begins 12 bytes before it. */
  seal(
    { at, length }: Stretch,
    iv: string,
    compressorName: string | undefined,
  ): SealedChunk {
    const plain = this.memory.subarray(at, at + length);
    const compressor = compressorToWrite(compressorName);
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
export type SealRequest = {
  readonly number: number;
  readonly stretch: Stretch;
} & (
  | { readonly kind: 'hash' }
  | {
      readonly kind: 'seal';
      readonly iv: string;
      readonly compressor: string | undefined;
    }
);

/** A worker's answer. */
export type SealAnswer = { readonly number: number } & (
  | { readonly hash: string }
  | { readonly sealed: SealedChunk }
  | { readonly error: string }
);
