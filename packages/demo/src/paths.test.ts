import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openToOthers, reachableDirectory, stateDirectory } from './paths';

describe('stateDirectory', () => {
  it('is another one for each port', () => {
    expect(stateDirectory('/repo', 7007)).not.toBe(
      stateDirectory('/repo', 7008),
    );
  });
});

describe('reachableDirectory', () => {
  it('is the wanted one for a user without special rights', () => {
    expect(reachableDirectory('/root/x/.data', false)).toBe('/root/x/.data');
  });

  it('is elsewhere for root when the wanted one is closed to others', () => {
    expect(reachableDirectory(tmpdir(), true)).toBe(tmpdir());
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-paths-'));
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    chmodSync(folder, 0o755);
    expect(openToOthers(inner)).toBe(true);
    chmodSync(folder, 0o700);
    expect(openToOthers(inner)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});
