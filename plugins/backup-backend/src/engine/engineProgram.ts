import { dirname, join } from 'node:path';

/** Path of the engine's bundle, which stands beside its package.json in source and in a release. */
export function engineProgram(): string {
  const manifest = require.resolve('@lifeboat/engine/package.json');
  return join(dirname(manifest), 'assets', 'engine.cjs');
}
