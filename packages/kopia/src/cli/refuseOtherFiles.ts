import { readdir } from 'node:fs/promises';
import { KopiaError } from '../errors';
import { printable } from './output';

const repositoryFile = 'kopia.repository.f';
const harmless = ['.shards', 'lost+found'];

/**
 * Refuses to make a repository in a folder that holds other files: it would be deleted with them, and they with it.
 * Throws `foreign-storage`. What is no folder, and a folder with a repository, are for others to refuse.
 */
export async function refuseOtherFiles(location: string): Promise<void> {
  const names = await readdir(location).catch((): string[] => []);
  if (names.includes(repositoryFile)) return;
  const other = names.find(name => !harmless.includes(name));
  if (other === undefined) return;
  throw new KopiaError(
    'foreign-storage',
    `${location} holds other files (${printable(
      other,
    )}): a new repository needs an empty folder`,
  );
}
