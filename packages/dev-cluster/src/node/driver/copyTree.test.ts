import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyTree, occupiedBytes } from './copyTree';

describe('copyTree', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copy-tree-'));
  const from = join(folder, 'from');
  const to = join(folder, 'to');

  beforeAll(async () => {
    mkdirSync(join(from, 'sub'), { recursive: true });
    writeFileSync(join(from, 'sub', 'file'), 'text');
    writeFileSync(join(from, '.hidden'), 'hidden');
    chmodSync(join(from, 'sub', 'file'), 0o4751);
    utimesSync(join(from, 'sub', 'file'), 1_000_000, 1_234_567.891);
    linkSync(join(from, 'sub', 'file'), join(from, 'twin'));
    symlinkSync('../nowhere', join(from, 'dangling'));
    writeFileSync(join(from, 'sparse'), 'beginning');
    truncateSync(join(from, 'sparse'), 1 << 30);
    if (process.getuid?.() === 0) {
      chownSync(join(from, 'sub', 'file'), 1234, 5678);
      chmodSync(join(from, 'sub', 'file'), 0o4751);
    }
    chmodSync(join(from, 'sub'), 0o2750);
    chmodSync(from, 0o1777);
    await copyTree(from, to);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['.', 'sub', 'sub/file', '.hidden', 'sparse'])(
    'keeps mode, owner and time of %s',
    name => {
      const [a, b] = [from, to].map(each => lstatSync(join(each, name)));
      expect([b.mode, b.uid, b.gid, b.size]).toEqual([
        a.mode,
        a.uid,
        a.gid,
        a.size,
      ]);
      expect(b.mtimeMs).toBeCloseTo(a.mtimeMs, 0);
    },
  );

  it('keeps links', () => {
    expect(readlinkSync(join(to, 'dangling'))).toBe('../nowhere');
    expect(statSync(join(to, 'twin')).ino).toBe(
      statSync(join(to, 'sub', 'file')).ino,
    );
    expect(readFileSync(join(to, 'twin'), 'utf8')).toBe('text');
  });

  it('keeps holes', async () => {
    expect(statSync(join(to, 'sparse')).blocks).toBeLessThan(100);
    expect(await occupiedBytes(to)).toBeLessThan(100_000);
  });

  it('says what cp said', async () => {
    await expect(
      copyTree(join(folder, 'absent'), join(folder, 'x')),
    ).rejects.toThrow('absent');
  });
});
