import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Where things are in the repository; the bundles lie in packages/demo/assets. */
export interface DemoPaths {
  root: string;
  assets: string;
  clusterProgram: string;
  moverProgram: string;
  backend: string;
  appConfig: string;
  /** What a platform team applies. */
  deploy: string;
}

/** @param program - the running bundle, in the folder of the demo's bundles */
export function demoPaths(program: string): DemoPaths {
  const assets = dirname(resolve(program));
  const root = join(assets, '..', '..', '..');
  return {
    root,
    assets,
    clusterProgram: join(root, 'packages/dev-cluster/assets/dev-cluster.cjs'),
    moverProgram: join(root, 'packages/data-mover/assets/data-mover.cjs'),
    backend: join(root, 'packages/backend'),
    appConfig: join(root, 'app-config.yaml'),
    deploy: join(root, 'deploy'),
  };
}

/** The folder that holds the state of the demo on one port. */
export function stateDirectory(root: string, port: number): string {
  return join(root, '.data', 'demo', String(port));
}

/** Whether every user can enter a folder: all folders above it let others pass. */
export function openToOthers(path: string): boolean {
  for (let each = path; each !== dirname(each); each = dirname(each)) {
    const mode = statSync(each, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && Math.floor(mode % 0o10) % 2 === 0) return false;
  }
  return true;
}

/**
 * A folder for volumes and for PostgreSQL's programs. When we are root, PostgreSQL runs as another user, who must be
 * able to reach it: a repository under /root is out of reach, then a folder under /var/tmp serves.
 */
export function reachableDirectory(
  wanted: string,
  isRoot: boolean = process.getuid?.() === 0,
): string {
  if (!isRoot || openToOthers(wanted)) return wanted;
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const directory = join('/var/tmp', `lifeboat-demo-${hash}`);
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  if (statSync(directory).uid !== 0) {
    throw new Error(`${directory} belongs to another user: remove it`);
  }
  return directory;
}
