import {
  closeSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The plaintext of an index, wherever it lies. Reads are synchronous: look-ups happen once per content. */
export interface IndexBytes {
  readonly length: number;
  /** Whether reading costs no call to the system. */
  readonly inMemory: boolean;
  /** Exactly `length` bytes, which the caller must not change. */
  read(offset: number, length: number): Buffer;
  /** The same into a buffer of the caller; indexes in memory give their own bytes instead. */
  readInto(target: Buffer, offset: number, length: number): Buffer;
  close(): void;
}

/** An index in memory. */
export function bytesInMemory(data: Buffer): IndexBytes {
  return {
    length: data.length,
    inMemory: true,
    read: (offset, length) => data.subarray(offset, offset + length),
    readInto: (_, offset, length) => data.subarray(offset, offset + length),
    close: () => undefined,
  };
}

/** An index in a file without a name: nothing stays behind, however this process ends. */
export interface UnnamedFile extends IndexBytes {
  append(data: Buffer): void;
}

/** Makes an empty file for this process alone, and removes its name at once. */
export function createUnnamedFile(parent: string = tmpdir()): UnnamedFile {
  const folder = mkdtempSync(join(parent, 'lifeboat-index-'));
  const fd = openSync(join(folder, 'index'), 'wx+', 0o600);
  rmSync(folder, { recursive: true, force: true });
  let size = 0;
  let closed = false;
  const readInto = (target: Buffer, offset: number, length: number) => {
    let got = 0;
    while (got < length) {
      const count = readSync(fd, target, got, length - got, offset + got);
      if (count === 0) throw new RangeError('read behind the end of an index');
      got += count;
    }
    return target.length === length ? target : target.subarray(0, length);
  };
  return {
    inMemory: false,
    get length() {
      return size;
    },
    append(data) {
      for (let written = 0; written < data.length; )
        written += writeSync(
          fd,
          data,
          written,
          data.length - written,
          size + written,
        );
      size += data.length;
    },
    read: (offset, length) =>
      readInto(Buffer.allocUnsafe(length), offset, length),
    readInto,
    close() {
      if (!closed) closeSync(fd);
      closed = true;
    },
  };
}
