import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// glibc: DEFAULT_MMAP_THRESHOLD_MAX is 32 MiB, its own header included.
const largestMapping = 32 * 1024 * 1024 - 8192;

type Collect = (options: {
  type: 'minor' | 'major';
  flavor: 'regular' | 'last-resort';
}) => void;

let collector: Collect | undefined;
let sought = false;

/** V8's collector, which scripts of this process do not see: the flag shows it only to contexts made afterwards. */
function findCollector(): Collect | undefined {
  if (!sought) {
    sought = true;
    try {
      setFlagsFromString('--expose-gc');
      collector = runInNewContext('gc') as Collect;
    } catch {
      collector = undefined;
    }
  }
  return collector;
}

/**
 * Frees buffers that are no longer used. They lie outside of V8's heap, and V8 by itself collects them only after more
 * than 64 MiB of new ones: too late where memory is limited to a few hundred MiB.
 *
 * @param type - `minor` takes half a millisecond and frees what was short-lived; `major` frees all, in the time that it takes to
 *   look at everything that lives
 */
export function collectGarbage(type: 'minor' | 'major'): void {
  // Only the last resort gives pages of V8's heap back to the system.
  const flavor = type === 'major' ? 'last-resort' : 'regular';
  findCollector()?.({ type, flavor });
}

/** Collects short-lived buffers each time that a number of bytes was used. */
export class GarbageCount {
  private bytes = 0;

  constructor(private readonly limit = 12 * 1024 * 1024) {}

  /** Notes that buffers of so many bytes have become garbage, or soon will. */
  add(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < this.limit) return;
    this.bytes = 0;
    collectGarbage('minor');
  }
}

const surelyAlone = 64 * 1024;

/**
 * Frees the memory of a buffer at once, long before V8's collector would. Only for one that nothing else refers to and
 * no call still works on: it is empty afterwards. Small buffers that Node shares out from common memory are left alone.
 */
export function freeBuffer(buffer: Buffer): void {
  const memory = buffer.buffer as ArrayBuffer & {
    transfer(length: number): ArrayBuffer;
  };
  // What Node shares out is at most half of the common memory.
  const alone =
    buffer.length >= surelyAlone || buffer.length * 2 > memory.byteLength;
  if (alone && buffer.byteOffset === 0) memory.transfer(0);
}

/**
 * Keeps freed memory in this process instead of giving it back to the system piece by piece. Encryption makes a buffer
 * per 128 KiB; glibc would map and unmap each of them, and the page faults cost more than the encryption. It raises its
 * limits when a large mapping is freed, up to 32 MiB, so one is made and freed: its pages are never touched.
 */
export function keepFreedMemory(): void {
  freeBuffer(Buffer.allocUnsafeSlow(largestMapping));
}
