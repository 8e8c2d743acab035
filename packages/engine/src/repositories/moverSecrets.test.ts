import type {
  BackupRepository,
  BackupStorageLocation,
} from '@lifeboat/velero-api';
import { moverSecrets } from './moverSecrets';

const location = (
  spec: Partial<BackupStorageLocation['spec']>,
): BackupStorageLocation => ({
  apiVersion: 'velero.io/v1',
  kind: 'BackupStorageLocation',
  metadata: { name: 'default' },
  spec: { provider: 'aws', objectStorage: { bucket: 'b' }, ...spec },
});

const repository = (secret?: string): BackupRepository => ({
  apiVersion: 'velero.io/v1',
  kind: 'BackupRepository',
  metadata: {
    name: 'shop-default-kopia',
    annotations: secret ? { 'lifeboat.dev/password-secret': secret } : {},
  },
  spec: {
    volumeNamespace: 'shop',
    backupStorageLocation: 'default',
    maintenanceFrequency: '1h0m0s',
  },
});

describe('the Secrets of a mover', () => {
  it('are those of OADP where nothing else is said', () => {
    expect(moverSecrets(location({}))).toEqual({
      password: {
        secret: 'velero-repo-credentials',
        key: 'repository-password',
      },
      credentials: { secret: 'cloud-credentials', key: 'cloud' },
    });
  });

  it('are those that location and repository name', () => {
    expect(
      moverSecrets(
        location({
          credential: { name: 'mine', key: 'aws' },
          objectStorage: { bucket: 'b', caCertRef: { name: 'ca', key: 'pem' } },
        }),
        repository('velero-repo-credentials.location.default'),
      ),
    ).toEqual({
      password: {
        secret: 'velero-repo-credentials.location.default',
        key: 'repository-password',
      },
      credentials: { secret: 'mine', key: 'aws' },
      ca: { secret: 'ca', key: 'pem' },
    });
  });

  it('are no credentials for a folder', () => {
    expect(
      moverSecrets(
        location({
          provider: 'lifeboat.dev/filesystem',
          config: { path: '/x' },
        }),
      ),
    ).not.toHaveProperty('credentials');
  });

  it('are never other Secrets than those of passwords', () => {
    expect(
      moverSecrets(location({}), repository('cloud-credentials')).password,
    ).toMatchObject({ secret: 'velero-repo-credentials' });
  });
});
