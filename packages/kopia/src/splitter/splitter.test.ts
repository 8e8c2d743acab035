import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChunkFinder } from './ChunkFinder';
import {
  createScriptScanner,
  createWasmScanner,
  dataStart,
  Scanner,
  windowLength,
} from './Scanner';
import { splitterNames, splitterParameters } from './splitterParameters';
import { xorshift } from '../testing/xorshift';
import { fixtures } from '../testing/fixtures';

type Create = typeof createWasmScanner;

/** Cuts a whole buffer, read in steps of `step` bytes into one slot. */
function split(
  data: Buffer,
  name: string,
  create: Create,
  step = 1 << 20,
): number[] {
  const parameters = splitterParameters(name);
  const slot = windowLength + parameters.maximum + step;
  const scanner: Scanner | undefined =
    parameters.method === 'fixed' ? undefined : create(slot, parameters.method);
  const memory = scanner?.memory ?? Buffer.alloc(dataStart + slot);
  const start = dataStart + windowLength;
  const lengths: number[] = [];
  let position = 0;
  while (position < data.length) {
    memory.fill(0, dataStart, start);
    data.copy(
      memory,
      Math.max(dataStart, start - position),
      Math.max(0, position - windowLength),
      position,
    );
    const finder = new ChunkFinder(parameters, scanner, start);
    let have = 0;
    let length = 0;
    while (length === 0) {
      const copied = data.copy(
        memory,
        start + have,
        position + have,
        Math.min(data.length, position + have + step),
      );
      have += copied;
      length = finder.end(have) || (copied === 0 ? have : 0);
    }
    lengths.push(length);
    position += length;
  }
  return lengths;
}

describe.each([
  ['WebAssembly', createWasmScanner],
  ['JavaScript', createScriptScanner],
])('splitting with %s', (_, create) => {
  it('cuts zeros at the minimum and never later than the maximum', () => {
    expect(
      split(Buffer.alloc(1 << 20), 'DYNAMIC-128K-BUZHASH', create),
    ).toEqual(Array(16).fill(1 << 16));
    for (const length of split(
      xorshift(7, 3 << 20),
      'DYNAMIC-128K-BUZHASH',
      create,
    ).slice(0, -1)) {
      expect(length).toBeGreaterThanOrEqual(1 << 16);
      expect(length).toBeLessThanOrEqual(1 << 18);
    }
  });

  it('does not depend on the sizes of reads', () => {
    const data = xorshift(42, 1 << 20);
    const whole = split(data, 'DYNAMIC-128K-BUZHASH', create);
    expect(split(data, 'DYNAMIC-128K-BUZHASH', create, 1000)).toEqual(whole);
    expect(split(data, 'DYNAMIC-128K-BUZHASH', create, 65_536)).toEqual(whole);
  });

  it('cuts objects side by side with one scanner', () => {
    const parameters = splitterParameters('DYNAMIC-128K-BUZHASH');
    const slot = windowLength + parameters.maximum;
    const scanner = create(2 * slot, 'buzhash');
    const inputs = [
      xorshift(11, parameters.maximum),
      xorshift(12, parameters.maximum),
    ];
    const starts = [dataStart + windowLength, dataStart + slot + windowLength];
    inputs.forEach((data, i) => data.copy(scanner.memory, starts[i]));
    const finders = starts.map(
      start => new ChunkFinder(parameters, scanner, start),
    );
    const found = [0, 0];
    for (
      let have = 10_000;
      have <= parameters.maximum + 10_000;
      have += 10_000
    ) {
      finders.forEach((finder, i) => {
        found[i] ||= finder.end(Math.min(have, parameters.maximum));
      });
    }
    expect(found).toEqual(
      inputs.map(data => split(data, parameters.name, create)[0]),
    );
  });

  const vectors =
    fixtures &&
    JSON.parse(readFileSync(join(fixtures, 'splitter-vectors.json'), 'utf8'));
  const withFixtures = vectors ? it : it.skip;
  withFixtures(
    'reproduces every vector',
    () => {
      let compared = 0;
      for (const input of vectors.inputs) {
        const data = xorshift(input.seed, input.length);
        if (input.zeroRule) {
          for (let mebibyte = 1; mebibyte < data.length >> 20; mebibyte += 3) {
            data.fill(0, mebibyte << 20, (mebibyte + 1) << 20);
          }
        }
        for (const [name, chunks] of Object.entries(input.chunks)) {
          expect([input.name, name, split(data, name, create)]).toEqual([
            input.name,
            name,
            chunks,
          ]);
          compared += 1;
        }
      }
      for (const [name, chunks] of Object.entries(vectors.allZero9MiB)) {
        expect(split(Buffer.alloc(9 << 20), name, create)).toEqual(chunks);
      }
      expect(compared).toBeGreaterThan(30);
      expect(new Set(vectors.supportedSplitters)).toEqual(
        new Set(splitterNames),
      );
    },
    120_000,
  );
});

it('knows the hash of known windows', () => {
  const scanner = createWasmScanner(256, 'buzhash');
  const at = dataStart + 100;
  scanner.memory[at] = 0x61;
  scanner.start(at);
  expect(scanner.find(at, at + 1, 0xffffffff)).toBe(0);
  expect(new DataView(scanner.memory.buffer).getUint32(1024, true)).toBe(
    772853086,
  );
});
