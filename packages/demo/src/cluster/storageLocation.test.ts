import {
  BackupStorageLocationSpec,
  validateBackupStorageLocationSpec,
} from '@lifeboat/velero-api';
import { controlObjects } from './storageLocation';

function specOf(choice: Parameters<typeof controlObjects>[0]) {
  const location = controlObjects(choice).find(
    each => each.kind === 'BackupStorageLocation',
  );
  return location?.spec as BackupStorageLocationSpec;
}

describe('controlObjects', () => {
  it('keeps backups in a folder', () => {
    const spec = specOf({ folder: '/data/backups' });
    expect(spec.config).toEqual({ path: '/data/backups' });
    expect(validateBackupStorageLocationSpec(spec)).toEqual([]);
  });

  it('keeps backups in S3, with the credentials in a Secret', () => {
    const choice = {
      s3: {
        bucket: 'b',
        prefix: 'p',
        endpoint: 'https://s3.example.com',
        region: 'r',
      },
      credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
    };
    const spec = specOf(choice);
    expect(validateBackupStorageLocationSpec(spec)).toEqual([]);
    expect(spec.config?.s3ForcePathStyle).toBe('true');
    const secret = controlObjects(choice).find(each => each.kind === 'Secret');
    const { cloud } = secret?.data as { cloud: string };
    expect(Buffer.from(cloud, 'base64').toString()).toBe(
      '[default]\naws_access_key_id=id\naws_secret_access_key=key\n',
    );
  });
});
