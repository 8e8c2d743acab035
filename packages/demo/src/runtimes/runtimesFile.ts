import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { images } from '../application/orders';

export interface RuntimesFileOptions {
  /** Where to write the file. */
  file: string;
  /** Folder with the bundles web.cjs and postgres.cjs. */
  assets: string;
  /** The data mover's bundle. */
  moverProgram: string;
  /** Folder that keeps the copy of PostgreSQL's programs; another user must be able to reach it. */
  postgresCache: string;
}

/** Writes the file that tells the embedded cluster which images run as processes of this machine. */
export function writeRuntimesFile(options: RuntimesFileOptions): void {
  const { file, assets, moverProgram, postgresCache } = options;
  const content = {
    images: {
      [images.mover]: { command: ['{node}', moverProgram] },
      [images.web]: { command: ['{node}', join(assets, 'web.cjs')] },
      [images.postgres]: {
        command: ['{node}', join(assets, 'postgres.cjs')],
        env: { LIFEBOAT_POSTGRES_CACHE: postgresCache },
      },
    },
  };
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
}
