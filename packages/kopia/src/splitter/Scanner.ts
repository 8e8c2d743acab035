import { buzhashTable } from './buzhashTable';
import { rabinTables } from './rabinTables';
import { scanModule } from './scanModule.generated';

/** Where data may begin in a scanner's memory; tables lie before. */
export const dataStart = 65536;
/** Bytes before a scanned position that must hold what came before it (zeros at the start of an object). */
export const windowLength = 64;

/**
 * Looks for cut points in its own memory. One scan at a time: the hash lives in the scanner.
 */
export interface Scanner {
  readonly memory: Buffer;
  /** Takes the 64 bytes before `position` as the window. */
  start(position: number): void;
  /** Rolls on through `[from, to)`; the position after the first byte whose masked hash is 0, or 0. */
  find(from: number, to: number, mask: number): number;
}

interface ScanExports {
  buzhashInit(p: number): void;
  buzhashFind(p: number, end: number, mask: number): number;
  rabinInit(p: number): void;
  rabinFind(p: number, end: number, mask: number): number;
}

function fillTables(memory: ArrayBufferLike) {
  new Uint32Array(memory, 0, 256).set(buzhashTable);
  const { out, mod } = rabinTables();
  new BigUint64Array(memory, 2048, 256).set(out);
  new BigUint64Array(memory, 4096, 256).set(mod);
}

/** Memory of a scanner can be shared with workers, which hash and encrypt in it. */
export function createWasmScanner(
  dataBytes: number,
  method: 'buzhash' | 'rabinkarp',
): Scanner {
  const pages = Math.ceil((dataStart + dataBytes) / 65536);
  const memory = new WebAssembly.Memory({
    initial: pages,
    maximum: pages,
    shared: true,
  });
  const compiled = new WebAssembly.Module(Buffer.from(scanModule, 'base64'));
  const instance = new WebAssembly.Instance(compiled, {
    env: {
      memory,
      abort: () => {
        throw new Error('scanner aborted');
      },
    },
  });
  const scan = instance.exports as unknown as ScanExports;
  fillTables(memory.buffer);
  const [init, find] =
    method === 'buzhash'
      ? [scan.buzhashInit, scan.buzhashFind]
      : [scan.rabinInit, scan.rabinFind];
  return {
    memory: Buffer.from(memory.buffer),
    start: init,
    find: (from, to, mask) => find(from, to, mask) >>> 0,
  };
}

/** The same without WebAssembly, for runtimes that forbid it. */
export function createScriptScanner(
  dataBytes: number,
  method: 'buzhash' | 'rabinkarp',
): Scanner {
  const memory = Buffer.from(new SharedArrayBuffer(dataStart + dataBytes));
  if (method === 'buzhash') {
    let state = 0;
    return {
      memory,
      start(position) {
        state = 0;
        for (let i = position - windowLength; i < position; i++) {
          state = ((state << 1) | (state >>> 31)) ^ buzhashTable[memory[i]];
        }
      },
      find(from, to, mask) {
        let s = state;
        for (let i = from; i < to; i++) {
          s =
            ((s << 1) | (s >>> 31)) ^
            buzhashTable[memory[i - windowLength]] ^
            buzhashTable[memory[i]];
          if ((s & mask) === 0) {
            state = s;
            return i + 1;
          }
        }
        state = s;
        return 0;
      },
    };
  }
  // 64-bit states as two 32-bit halves: BigInt is two orders of magnitude slower here.
  const halves = (table: BigUint64Array) => ({
    low: Int32Array.from(table, value => Number(BigInt.asIntN(32, value))),
    high: Int32Array.from(table, value =>
      Number(BigInt.asIntN(32, value >> 32n)),
    ),
  });
  const tables = rabinTables();
  const out = halves(tables.out);
  const mod = halves(tables.mod);
  let low = 0;
  let high = 0;
  const roll = (byte: number) => {
    const overflow = (high >>> 13) & 0xff;
    high = ((high << 8) | (low >>> 24)) ^ mod.high[overflow];
    low = ((low << 8) | byte) ^ mod.low[overflow];
  };
  return {
    memory,
    start(position) {
      low = 0;
      high = 0;
      for (let i = position - windowLength; i < position; i++) roll(memory[i]);
    },
    find(from, to, mask) {
      for (let i = from; i < to; i++) {
        const leaving = memory[i - windowLength];
        low ^= out.low[leaving];
        high ^= out.high[leaving];
        roll(memory[i]);
        if ((low & mask) === 0) return i + 1;
      }
      return 0;
    },
  };
}

/** A scanner in WebAssembly where the runtime has it, else in JavaScript. */
export function createScanner(
  dataBytes: number,
  method: 'buzhash' | 'rabinkarp',
): Scanner {
  return typeof WebAssembly === 'object'
    ? createWasmScanner(dataBytes, method)
    : createScriptScanner(dataBytes, method);
}
