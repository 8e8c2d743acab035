import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../cluster/childProcess';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startDevCluster } from '../cluster/startDevCluster';
import { moverImage } from './RepositoryStage';

/** An image whose container does nothing until it is told to end. */
export const idleImage = 'registry.example.com/idle:1';

const idleProgram =
  "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 60_000)";

/** The images that the stories about volumes run as processes of this machine. */
export function volumeRuntimes(): string {
  const file = path.join(
    mkdtempSync(path.join(os.tmpdir(), 'lifeboat-runtimes-')),
    'runtimes.json',
  );
  writeFileSync(
    file,
    JSON.stringify({
      images: {
        [moverImage]: {
          command: [
            '{node}',
            path.join(root, 'packages/data-mover/assets/data-mover.cjs'),
          ],
        },
        [idleImage]: { command: ['{node}', '-e', idleProgram] },
      },
    }),
  );
  return file;
}

/** The embedded cluster with movers and idle applications as processes. */
export function startVolumeCluster(): Promise<RunningCluster> {
  return startDevCluster({ runtimes: volumeRuntimes() });
}
