import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Manifest } from '../application/Manifest';

/**
 * ServiceAccount and rights of the data mover, word by word as a platform team applies them.
 *
 * @param deploy - the folder `deploy` of the repository
 */
export function moverAccount(deploy: string): Manifest[] {
  return ['service-account.yaml', 'role.yaml'].flatMap(name =>
    parseAllDocuments(
      readFileSync(join(deploy, 'engine/mover', name), 'utf8'),
    ).map(document => document.toJS() as Manifest),
  );
}
