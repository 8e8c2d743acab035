import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maintenanceParameters, veleroRepositoryState } from '@lifeboat/kopia';
import type { BackupStorageLocationSpec } from '@lifeboat/velero-api';
import {
  openRepositoryStorage,
  openVolumeRepository,
  readPassword,
  repositoryPrefix,
} from './openVolumeRepository';

// Keys are derived from passwords slowly on purpose.
jest.setTimeout(60_000);

describe('openVolumeRepository', () => {
  let folder: string;
  let spec: BackupStorageLocationSpec;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifeboat-repository-'));
    spec = {
      provider: 'lifeboat.dev/filesystem',
      config: { path: folder },
      objectStorage: { bucket: 'unused', prefix: '/a/b/' },
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (options: Partial<Parameters<typeof openVolumeRepository>[0]>) =>
    openVolumeRepository({
      location: { spec },
      password: 'secret',
      volumeNamespace: 'shop',
      workers: 0,
      ...options,
    });

  it('makes a repository that Velero accepts, at its place, once', async () => {
    const made = await open({ create: true, fullIntervalHours: 6 });
    expect(made.created).toBe(true);
    expect(await veleroRepositoryState(made.repository)).toBe('ready');
    expect(maintenanceParameters(made.repository)).toMatchObject({
      owner: 'default@default',
      full: { interval: 6 * 3600 * 1e9 },
    });
    await made.close();
    expect(readdirSync(join(folder, 'a/b/kopia'))).toEqual(['shop']);
    const again = await open({ create: true });
    expect(again.created).toBe(false);
    expect(again.repository.uniqueId).toEqual(made.repository.uniqueId);
    await again.close();
  });

  it('opens what two made at the same time', async () => {
    const both = await Promise.all([
      open({ create: true }),
      open({ create: true }),
    ]);
    const later = await open({});
    for (const { repository } of both)
      expect(repository.uniqueId).toEqual(later.repository.uniqueId);
    await later.close();
    await Promise.all(both.map(({ close }) => close()));
  });

  it('refuses a wrong password, and a missing repository or folder', async () => {
    await (await open({ create: true })).close();
    await expect(open({ password: 'other' })).rejects.toMatchObject({
      code: 'invalid-password',
    });
    await expect(open({ volumeNamespace: 'other' })).rejects.toMatchObject({
      code: 'not-found',
    });
    spec.config = { path: join(folder, 'unmounted') };
    await expect(open({ create: true })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it.each(['..', 'a/b', '', 'A', '../shop'])(
    'takes no namespace named %j',
    name => {
      expect(() => repositoryPrefix({ spec }, name)).toThrow(
        /not the name of a namespace/,
      );
    },
  );

  it('does not call missing what it cannot reach', async () => {
    const unreachable = join(folder, 'x'.repeat(300));
    await expect(
      openRepositoryStorage({
        location: { spec: { ...spec, config: { path: unreachable } } },
        volumeNamespace: 'shop',
      }),
    ).rejects.toThrow(/^User \d+ cannot reach the folder .*ENAMETOOLONG/);
  });

  it('names the prefix with and without one of the location', () => {
    expect(repositoryPrefix({ spec }, 'shop')).toBe('a/b/kopia/shop/');
    expect(
      repositoryPrefix(
        { spec: { ...spec, objectStorage: { bucket: 'b' } } },
        'shop',
      ),
    ).toBe('kopia/shop/');
  });

  it('reads S3 locations as the engine does', async () => {
    const storage = await openRepositoryStorage({
      location: {
        spec: {
          provider: 'velero.io/aws',
          config: { s3Url: 'https://s3.example.com', s3ForcePathStyle: 'true' },
          objectStorage: { bucket: 'backups', prefix: 'velero' },
        },
      },
      credentials: '[default]\naws_access_key_id=a\naws_secret_access_key=b\n',
      volumeNamespace: 'shop',
    });
    expect(storage.description).toBe('bucket backups/velero/kopia/shop/');
    await storage.close();
    spec.provider = 'azure';
    await expect(open({})).rejects.toThrow(/"azure" is not supported/);
  });

  it('reads a password without the blanks around it', async () => {
    const file = join(folder, 'password');
    writeFileSync(file, ' static-passw0rd\n');
    expect(await readPassword(file)).toBe('static-passw0rd');
    writeFileSync(file, '\n');
    await expect(readPassword(file)).rejects.toThrow(/is empty/);
  });
});
