import {
  lstatSync,
  lutimesSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { xorshift } from '../testing/xorshift';
import { isRestoredTime, restorableTime } from './restoredTime';
import { parseTimestamp } from './timestamps';

afterAll(removeTemporaryFolders);

const timesFrom = (from: string, to: string, seed: number) => {
  const start = parseTimestamp(from);
  const length = parseTimestamp(to) - start;
  const random = xorshift(seed, 8 * 2000);
  return Array.from(
    { length: 2000 },
    (_, i) => start + (random.readBigUInt64LE(8 * i) % length),
  );
};

describe.each([
  ['this decade', '2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z'],
  ['the first days', '1970-01-01T00:00:00Z', '1970-02-01T00:00:00Z'],
  ['earlier', '1940-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
  ['later', '2100-01-01T00:00:00Z', '2110-01-01T00:00:00Z'],
])('times of %s', (_, from, to) => {
  it('are set to the microsecond and known again, on files and links', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const link = `${file}-link`;
    symlinkSync(file, link);
    const floor = (time: bigint) =>
      (time - (((time % 1000n) + 1000n) % 1000n)) / 1000n;
    for (const time of timesFrom(from, to, 1)) {
      utimesSync(file, restorableTime(time), restorableTime(time));
      lutimesSync(link, restorableTime(time), restorableTime(time));
      for (const path of [file, link]) {
        const { mtimeNs } = lstatSync(path, { bigint: true });
        expect(floor(mtimeNs)).toBe(floor(time));
        expect(isRestoredTime(time, mtimeNs)).toBe(true);
        // A restore of what was restored changes nothing more.
        expect(isRestoredTime(mtimeNs, mtimeNs)).toBe(true);
      }
    }
  });

  it('are not taken for others', () => {
    for (const time of timesFrom(from, to, 2).slice(0, 40)) {
      const whole = time - (((time % 1000n) + 1000n) % 1000n);
      expect(isRestoredTime(time, whole)).toBe(true);
      const accepted: bigint[] = [];
      for (let at = whole - 1000n; at < whole + 2000n; at += 1n)
        if (isRestoredTime(time, at)) accepted.push(at);
      expect(accepted.length).toBeLessThanOrEqual(2);
      expect(accepted.every(at => at >= whole && at < whole + 1000n)).toBe(
        true,
      );
    }
  });
});
