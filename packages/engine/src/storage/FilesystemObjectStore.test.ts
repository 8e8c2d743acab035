import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { objectStoreConformance } from '../testing/objectStoreConformance';
import { FilesystemObjectStore } from './FilesystemObjectStore';
import { StorageError } from './ObjectStore';
import { withLogging } from './withLogging';
import { withRetry } from './withRetry';
import { silentLogger } from '../config/Logger';

const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

objectStoreConformance('filesystem', () => new FilesystemObjectStore(folder));
objectStoreConformance('filesystem with wrappers', () =>
  withLogging(withRetry(new FilesystemObjectStore(folder)), silentLogger),
);

describe('FilesystemObjectStore', () => {
  it('does not create its folder, so that a missing mount is no empty bucket', async () => {
    const store = new FilesystemObjectStore(path.join(folder, 'not-mounted'));
    const error = await store.put('a', Buffer.from('x')).catch(e => e);
    expect(error).toBeInstanceOf(StorageError);
    expect(error.reason).toBe('bucket-missing');
    expect(error.message).toContain('not-mounted does not exist');
    const list = async () => {
      const keys: string[] = [];
      for await (const each of store.list('')) keys.push(each.key);
      return keys;
    };
    await expect(list()).rejects.toThrow('does not exist');
  });

  it('follows no symbolic links', async () => {
    writeFileSync(path.join(folder, 'secret'), 'secret');
    symlinkSync(path.join(folder, 'secret'), path.join(folder, 'link'));
    const store = new FilesystemObjectStore(folder);
    await expect(store.get('link')).rejects.toThrow('does not exist');
    expect(await store.stat('link')).toBeUndefined();
  });

  it('sweeps what a killed process left, and nothing younger', async () => {
    const root = mkdtempSync(path.join(folder, 'swept-'));
    const store = new FilesystemObjectStore(root);
    await store.put('velero/backups/b/file', Buffer.from('x'));
    const abandoned = path.join(root, 'velero/backups/failed');
    mkdirSync(abandoned);
    writeFileSync(path.join(abandoned, '.lifeboat-partial-1'), 'x');
    expect(await store.sweep('velero/')).toBe(0);
    const yesterday = new Date(Date.now() - 24 * 3600 * 1000);
    utimesSync(
      path.join(abandoned, '.lifeboat-partial-1'),
      yesterday,
      yesterday,
    );
    expect(await store.sweep('other/')).toBe(0);
    expect(await store.sweep('velero/')).toBe(1);
    expect(readdirSync(path.join(root, 'velero/backups'))).toEqual(['b']);
  });

  it('leaves no partial files, and asks before it writes', async () => {
    let allowed = true;
    const root = mkdtempSync(path.join(folder, 'guarded-'));
    const store = new FilesystemObjectStore(root, {
      beforeWrite: () => {
        if (!allowed) throw new Error('not the leader');
      },
    });
    const body = Readable.from(
      (async function* source() {
        yield Buffer.from('x');
        allowed = false;
        yield Buffer.from('y');
      })(),
    );
    await expect(store.put('a', body)).rejects.toThrow('not the leader');
    expect(readdirSync(root)).toEqual([]);
    await expect(store.delete(['a'])).rejects.toThrow('not the leader');
  });
});
