import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startDevCluster } from '../cluster/startDevCluster';
import { nodeStories, toolRuntimes } from './nodeStories';

jest.setTimeout(60_000);

nodeStories('the embedded API server', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-runtimes-'));
  const runtimes = path.join(folder, 'runtimes.json');
  writeFileSync(runtimes, JSON.stringify(toolRuntimes));
  return startDevCluster({ runtimes });
});
