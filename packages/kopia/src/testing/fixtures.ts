import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder =
  process.env.LIFEBOAT_FIXTURES && join(process.env.LIFEBOAT_FIXTURES, 'kopia');

/** Folder of the repositories and vectors that the real program wrote; undefined where they are not at hand. */
export const fixtures = folder && existsSync(folder) ? folder : undefined;

/** The kopia program, where a machine has one. */
export const kopiaProgram =
  process.env.KOPIA && existsSync(process.env.KOPIA)
    ? process.env.KOPIA
    : undefined;
