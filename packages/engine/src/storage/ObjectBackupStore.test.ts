import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Backup } from '@lifeboat/velero-api';
import { FilesystemObjectStore } from './FilesystemObjectStore';
import { ObjectBackupStore } from './ObjectBackupStore';
import type { ObjectStore } from './ObjectStore';
import { runMarkerKey } from './runMarkerKey';

let folder: string;
let objects: ObjectStore;
let store: ObjectBackupStore;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-backups-'));
  objects = new FilesystemObjectStore(folder);
  store = new ObjectBackupStore(objects, { name: 'default', prefix: 'velero' });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const backup: Backup = {
  apiVersion: 'velero.io/v1',
  kind: 'Backup',
  metadata: { name: 'b', namespace: 'openshift-adp' },
  spec: {},
};

async function bytes(key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await objects.get(key))
    chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const object of objects.list('')) found.push(object.key);
  return found;
}

describe('ObjectBackupStore', () => {
  it('writes the layout of Velero', async () => {
    await store.putContents('b', Readable.from([gzipSync('tar')]));
    await store.putBackupJson('b', 'resourceList', { 'v1/Pod': ['shop/a'] });
    await store.putBackupJson('b', 'volumeSnapshots', null);
    await store.putBackupFile('b', 'logs', gzipSync('line\n'));
    await store.putMetadata('b', backup);
    await store.putRestoreJson('r', 'results', { errors: {} });
    await store.putRestoreJson('r', 'volumeInfo', []);
    expect(await keys()).toEqual([
      'velero/backups/b/b-logs.gz',
      'velero/backups/b/b-resource-list.json.gz',
      'velero/backups/b/b-volumesnapshots.json.gz',
      'velero/backups/b/b.tar.gz',
      'velero/backups/b/velero-backup.json',
      'velero/restores/r/r-volumeinfo.json.gz',
      'velero/restores/r/restore-r-results.gz',
    ]);
    expect(String(await bytes('velero/backups/b/velero-backup.json'))).toBe(
      `${JSON.stringify(backup)}\n`,
    );
    expect(
      String(
        gunzipSync(await bytes('velero/backups/b/b-volumesnapshots.json.gz')),
      ),
    ).toBe('null\n');
  });

  it('reads what it wrote', async () => {
    await store.putMetadata('b', backup);
    await store.putBackupJson('b', 'resourceList', { 'v1/Pod': ['shop/a'] });
    await store.putBackupJson('b', 'volumeSnapshots', null);
    expect(await store.exists('b')).toBe(true);
    expect(await store.exists('c')).toBe(false);
    expect(await store.getMetadata('b')).toEqual(backup);
    expect(await store.getMetadata('c')).toBeUndefined();
    expect(await store.getBackupJson('b', 'resourceList')).toEqual({
      'v1/Pod': ['shop/a'],
    });
    expect(await store.getBackupJson('b', 'volumeSnapshots')).toBeNull();
    expect(await store.getBackupJson('b', 'results')).toBeUndefined();
    expect(await store.listBackups()).toEqual(['b']);
    expect(await store.listRestores()).toEqual([]);
  });

  it('names directories that Velero would refuse', async () => {
    await store.putMetadata('b', backup);
    await objects.put('velero/photos/cat', Buffer.from('x'));
    await objects.put('velero/readme', Buffer.from('x'));
    await objects.put('elsewhere/x', Buffer.from('x'));
    expect(await store.invalidTopLevelDirectories()).toEqual(['photos']);
  });

  it('refuses metadata of another backup, and what is no JSON', async () => {
    await objects.put(
      'velero/backups/c/velero-backup.json',
      Buffer.from(JSON.stringify(backup)),
    );
    await expect(store.getMetadata('c')).rejects.toThrow(
      'does not hold the Backup c',
    );
    await objects.put(
      'velero/backups/d/velero-backup.json',
      Buffer.from('{"kind":"Backup",'),
    );
    await expect(store.getMetadata('d')).rejects.toThrow('is not JSON');
  });

  it('refuses names that would lead elsewhere', async () => {
    for (const name of ['..', '../b', 'a/b', '', 'A', 'a..b', '.hidden']) {
      await expect(store.getMetadata(name)).rejects.toThrow(
        'cannot be the name',
      );
      await expect(store.deleteBackup(name)).rejects.toThrow(
        'cannot be the name',
      );
    }
  });

  it('bounds what it unpacks', async () => {
    const bomb = gzipSync(Buffer.alloc(2_000_000, ' '));
    await store.putBackupFile('b', 'results', bomb);
    await expect(
      store.getBackupJson('b', 'results', { maxBytes: 1_000_000 }),
    ).rejects.toThrow('holds more than 1000000 bytes');
  });

  it('reads the end of a log, from a whole line on', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
    await store.putBackupFile('b', 'logs', gzipSync(`${lines.join('\n')}\n`));
    expect(await store.readBackupLog('b')).toEqual({
      text: `${lines.join('\n')}\n`,
      complete: true,
    });
    const end = await store.readBackupLog('b', { maxBytes: 100 });
    expect(end?.complete).toBe(false);
    expect(end?.text.startsWith('line ')).toBe(true);
    expect(end?.text.endsWith('line 999\n')).toBe(true);
    expect(Buffer.byteLength(end?.text ?? '')).toBeLessThanOrEqual(100);
    expect(await store.readBackupLog('c')).toBeUndefined();
  });

  it('reads what there is of a log that was cut off', async () => {
    const noise = Array.from(
      { length: 20_000 },
      (_, index) => `line ${index} ${Math.sin(index)}`,
    ).join('\n');
    const whole = gzipSync(noise);
    await store.putBackupFile('b', 'logs', whole.subarray(0, whole.length / 2));
    const log = await store.readBackupLog('b');
    expect(log?.complete).toBe(false);
    expect(log?.text.startsWith('line 0 ')).toBe(true);
    await store.putBackupFile('b', 'logs', Buffer.from('not gzip at all'));
    await expect(store.readBackupLog('b')).rejects.toThrow();
  });

  it('deletes a backup and nothing beside it', async () => {
    await store.putMetadata('b', backup);
    await store.putBackupFile('b', 'logs', gzipSync('x'));
    await store.putMetadata('b2', { ...backup, metadata: { name: 'b2' } });
    await store.putRestoreFile('r', 'logs', gzipSync('x'));
    await store.deleteBackup('b');
    await store.deleteBackup('b');
    await store.deleteRestore('r');
    expect(await keys()).toEqual(['velero/backups/b2/velero-backup.json']);
  });

  it('deletes the mark of a run last: a deletion that was cut short can be gone on with', async () => {
    const marker = runMarkerKey(store.keys, 'b');
    await store.putMetadata('b', backup);
    await store.putBackupFile('b', 'logs', gzipSync('x'));
    await objects.put(marker, Buffer.from('{}'));
    const deletions: string[][] = [];
    const remove = objects.delete.bind(objects);
    jest.spyOn(objects, 'delete').mockImplementation(async (some, options) => {
      deletions.push([...some]);
      await remove(some, options);
    });
    await store.deleteBackup('b');
    expect(deletions).toEqual([
      ['velero/backups/b/velero-backup.json'],
      ['velero/backups/b/b-logs.gz'],
      [marker],
    ]);
    expect(await keys()).toEqual([]);
  });

  it('writes nothing to a read-only location', async () => {
    const readOnly = new ObjectBackupStore(objects, {
      name: 'vault',
      readOnly: true,
    });
    await expect(readOnly.putMetadata('b', backup)).rejects.toThrow(
      'vault is read-only',
    );
    await expect(readOnly.deleteBackup('b')).rejects.toThrow('read-only');
    expect(await keys()).toEqual([]);
  });

  it('removes half-written files of a deleted backup, however young', async () => {
    await store.putMetadata('b', backup);
    const directory = path.join(folder, 'velero', 'backups', 'b');
    const other = path.join(folder, 'velero', 'backups', 'c');
    mkdirSync(other);
    for (const place of [directory, other]) {
      writeFileSync(path.join(place, '.lifeboat-partial-1'), 'half');
    }
    await store.deleteBackup('b');
    expect(existsSync(directory)).toBe(false);
    expect(readdirSync(other)).toEqual(['.lifeboat-partial-1']);
  });

  it('sweeps a restore’s folder, and leaves whole files', async () => {
    await store.putRestoreJson('r', 'results', {});
    const directory = path.join(folder, 'velero', 'restores', 'r');
    writeFileSync(path.join(directory, '.lifeboat-partial-1'), 'half');
    await store.sweepRestore('r');
    expect(readdirSync(directory)).toEqual(['restore-r-results.gz']);
  });

  it.each([
    ['no JSON', Buffer.from('{"password":"hunter2"'), false],
    ['no gzip', Buffer.from('hunter2'), true],
    ['a gzip that is cut off', gzipSync('"hunter2"').subarray(0, 12), true],
  ])('calls %s damaged, and quotes nothing of it', async (_what, body, gz) => {
    const names = store.keys.backup('b');
    await objects.put(gz ? names.results : names.metadata, body);
    const error = await (gz
      ? store.getBackupJson('b', 'results')
      : store.getMetadata('b')
    ).catch((e: Error) => e);
    expect(error).toMatchObject({ reason: 'integrity', retryable: false });
    expect((error as Error).message).not.toContain('hunter2');
  });
});
