import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitForRestore, writeRestoreMarker } from './restoreMarker';

describe('marker of a restored volume', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-marker-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('ends the wait of all volumes, readable for everybody', async () => {
    const volumes = ['a', 'b'].map(name => join(folder, name));
    volumes.forEach(volume => mkdirSync(volume));
    const found: string[] = [];
    const waiting = waitForRestore('uid', volumes, {
      onFound: volume => found.push(volume),
    });
    await writeRestoreMarker(volumes[1], 'uid');
    await writeRestoreMarker(volumes[0], 'uid');
    await waiting;
    expect(found).toEqual(volumes);
    const marker = join(volumes[0], '.velero');
    expect(statSync(marker).mode.toString(8)).toBe('40755');
    expect(statSync(join(marker, 'uid')).mode.toString(8)).toBe('100644');
  });

  it('is written again, without those of earlier restores', async () => {
    await writeRestoreMarker(folder, 'first');
    await writeRestoreMarker(folder, 'second');
    await writeRestoreMarker(folder, 'second');
    expect(readdirSync(join(folder, '.velero'))).toEqual(['second']);
  });

  it('does not follow a link out of the volume', async () => {
    mkdirSync(join(folder, 'outside'));
    mkdirSync(join(folder, 'volume'));
    symlinkSync('../outside', join(folder, 'volume/.velero'));
    await writeRestoreMarker(join(folder, 'volume'), 'uid');
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
    expect(existsSync(join(folder, 'volume/.velero/uid'))).toBe(true);
  });

  it('is known to those who may not look into the volume', async () => {
    await writeRestoreMarker(folder, 'uid');
    // As for them, it cannot be seen.
    rmSync(join(folder, '.velero'), { recursive: true });
    await waitForRestore('uid', [folder]);
    await expect(
      waitForRestore('other', [folder], { signal: AbortSignal.timeout(300) }),
    ).rejects.toThrow(/abort/i);
  });

  it('takes no UID that is a path', async () => {
    await expect(writeRestoreMarker(folder, '../uid')).rejects.toThrow(
      /not the UID/,
    );
  });

  it('ends the wait when it is told to', async () => {
    await expect(
      waitForRestore('uid', [folder], { signal: AbortSignal.timeout(50) }),
    ).rejects.toThrow(/abort/i);
  });
});
