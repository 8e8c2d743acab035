import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { basename, join } from 'path';
import { removeAbandonedSpools, SpoolFolder } from './SpoolFolder';

describe('removeAbandonedSpools', () => {
  it('keeps the folders of running processes', async () => {
    const own = await SpoolFolder.create();
    writeFileSync(own.file('tarball'), 'bytes');
    await removeAbandonedSpools();
    expect(existsSync(own.file('tarball'))).toBe(true);
    await own.remove();
    expect(existsSync(own.path)).toBe(false);
  });

  it('removes the folder of a process that has ended', async () => {
    // Larger than any process number of Linux and macOS.
    const path = mkdtempSync(join(tmpdir(), 'lifeboat-spool-99999999-1-'));
    await removeAbandonedSpools();
    expect(existsSync(path)).toBe(false);
  });

  it('removes a folder whose process number belongs to another by now, as after the restart of a container', async () => {
    const own = await SpoolFolder.create();
    const [, pid] = /^lifeboat-spool-(\d+)-/.exec(basename(own.path)) ?? [];
    const path = mkdtempSync(join(tmpdir(), `lifeboat-spool-${pid}-1-`));
    await removeAbandonedSpools();
    // Only Linux tells when a process began.
    expect(existsSync(path)).toBe(process.platform !== 'linux');
    expect(existsSync(own.path)).toBe(true);
    await own.remove();
    rmSync(path, { recursive: true, force: true });
  });
});
