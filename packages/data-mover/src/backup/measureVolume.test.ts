import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  measureDevice,
  measureFileSystem,
  type Unreadable,
} from './measureVolume';

describe('measuring a volume', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-measure-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('counts files, links and bytes, and never opens a FIFO', async () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    for (let file = 0; file < 100; file += 1)
      writeFileSync(join(folder, 'a/b', `f${file}`), '12345');
    writeFileSync(join(folder, 'sparse'), '');
    truncateSync(join(folder, 'sparse'), 1_000_000);
    symlinkSync('sparse', join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const unreadable: Unreadable[] = [];
    expect(
      await measureFileSystem(folder, {
        onUnreadable: found => unreadable.push(found),
      }),
    ).toEqual({ files: 102, bytes: 1_000_506 });
    expect(unreadable).toEqual([]);
  });

  it('ends when it is told to', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(
      measureFileSystem(folder, { signal: AbortSignal.abort() }),
    ).rejects.toThrow(/abort/i);
  });

  it('knows the size of a file that plays a device', async () => {
    writeFileSync(join(folder, 'device'), 'x'.repeat(4096));
    expect(await measureDevice(join(folder, 'device'))).toBe(4096);
  });
});
