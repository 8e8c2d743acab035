import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FolderStorage } from '@lifeboat/kopia';

/**
 * Copies a bucket that lies in a folder, path = key, into a folder that is a storage location. Backups keep their names; the
 * blobs of repositories get those that Kopia gives them in folders.
 */
export async function copyBucket(from: string, to: string): Promise<void> {
  const repositories = path.join('velero', 'kopia');
  cpSync(from, to, {
    recursive: true,
    filter: source => !path.relative(from, source).startsWith(repositories),
  });
  for (const namespace of readdirSync(path.join(from, repositories))) {
    const storage = await FolderStorage.open(
      path.join(to, repositories, namespace),
      { create: true },
    );
    const source = path.join(from, repositories, namespace);
    for (const blob of readdirSync(source)) {
      await storage.put(blob, readFileSync(path.join(source, blob)));
    }
    await storage.close();
  }
}
