// A client that ends itself with SIGKILL at a chosen call to the storage: before it, after it, or in the middle of
// writing. Started by kill.test.ts as a process of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlobStorage } from '../blob/BlobStorage';
import { FolderStorage } from '../blob/FolderStorage';
import { initializeRepository } from '../maintenance/parameters';
import { runMaintenance } from '../maintenance/runMaintenance';
import { Repository } from '../Repository';
import { deleteSnapshot, listSnapshots } from '../snapshot/snapshots';
import { uploadTree } from '../snapshot/upload/uploadSnapshot';
import { xorshift } from './xorshift';

const [folder, tree, seedText, atText, kind] = process.argv.slice(2);
const seed = Number(seedText);
const at = Number(atText);
let calls = 0;

function die() {
  process.kill(process.pid, 'SIGKILL');
}

function deadly(storage: FolderStorage): BlobStorage {
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    calls += 1;
    const mine = calls;
    if (mine === at && kind === 'before') die();
    const result = await call();
    if (mine === at && kind === 'after') die();
    return result;
  };
  return {
    description: storage.description,
    get: (id, range, call) => storage.get(id, range, call),
    stat: id => storage.stat(id),
    list: (prefix, call) => storage.list(prefix, call),
    put: (id, data, call) =>
      around(async () => {
        if (calls === at && kind === 'during') {
          // What an interrupted write leaves: a part of the data under a temporary name.
          const parts = Buffer.isBuffer(data) ? data : Buffer.concat(data);
          mkdirSync(folder, { recursive: true });
          writeFileSync(
            join(folder, `${id}.f.tmp.0123456789abcdef`),
            parts.subarray(0, parts.length >> 1),
          );
          die();
        }
        await storage.put(id, data, call);
      }),
    delete: (id, call) => around(() => storage.delete(id, call)),
    close: () => storage.close(),
  };
}

async function main() {
  const storage = deadly(await FolderStorage.open(folder, { create: true }));
  const user = { username: 'me', hostname: 'here' };
  if (seed === 0) {
    const epochs = {
      MinEpochDuration: 0,
      EpochAdvanceOnCountThreshold: 2,
      FullCheckpointFrequency: 2,
      CleanupSafetyMargin: 0,
    };
    const created = await Repository.create({
      storage,
      password: 'x',
      user,
      epochs,
      keyDerivation: 'pbkdf2-sha256-600000',
    });
    await initializeRepository(created);
    await created.close();
    return;
  }
  const repository = await Repository.open({
    storage,
    password: 'x',
    user,
    workers: 0,
  });
  for (let i = 0; i < 6; i++) {
    const name = join(
      tree,
      `folder-${(seed + i) % 4}`,
      `file-${(seed * 7 + i) % 9}`,
    );
    mkdirSync(join(name, '..'), { recursive: true });
    writeFileSync(
      name,
      xorshift(
        seed * 31 + i + 1,
        1000 + ((seed * 7919 + i * 104729) % 300_000),
      ),
    );
  }
  const { snapshot } = await uploadTree(repository, tree, {
    source: { path: '/data' },
    previous: seed % 3 ? 'auto' : 'none',
  });
  process.stdout.write(`finished ${snapshot.id}\n`);
  const snapshots = listSnapshots(repository);
  if (snapshots.length > 5) {
    // From here on the snapshot may be there or not.
    process.stdout.write(`deleting ${snapshots[0].id}\n`);
    deleteSnapshot(repository, snapshots[0].id);
    await repository.flush();
  }
  await runMaintenance(repository, {
    mode: seed % 2 ? 'full' : 'quick',
    safety: 'none',
  });
  await repository.close();
  await storage.close();
  process.stdout.write(`calls ${calls}\n`);
}

main().catch(error => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
