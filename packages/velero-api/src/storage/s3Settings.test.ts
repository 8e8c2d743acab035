import type { BackupStorageLocationSpec } from '../resources/BackupStorageLocation';
import { readS3Settings } from './s3Settings';

function spec(
  config: Record<string, string>,
  bucket = 'backups',
): BackupStorageLocationSpec {
  return { provider: 'aws', config, objectStorage: { bucket } };
}

describe('readS3Settings', () => {
  it('reads what OADP writes for MCG', () => {
    expect(
      readS3Settings(
        spec({
          profile: 'default',
          region: 'noobaa',
          s3Url: 'https://s3.openshift-storage.svc:443',
          s3ForcePathStyle: 'true',
          insecureSkipTLSVerify: 'true',
          checksumAlgorithm: '',
        }),
      ),
    ).toEqual({
      bucket: 'backups',
      region: 'noobaa',
      endpoint: 'https://s3.openshift-storage.svc',
      forcePathStyle: true,
      insecureSkipTlsVerify: true,
      profile: 'default',
    });
  });

  it('has defaults for AWS', () => {
    expect(readS3Settings(spec({}))).toEqual({
      bucket: 'backups',
      region: 'us-east-1',
      forcePathStyle: false,
      insecureSkipTlsVerify: false,
      profile: 'default',
    });
  });

  it.each([
    ['http://rgw:80', 'http://rgw'],
    ['https://rgw:443/', 'https://rgw'],
    ['http://rgw:8080', 'http://rgw:8080'],
  ])('takes %s as %s', (s3Url, endpoint) => {
    expect(readS3Settings(spec({ s3Url })).endpoint).toBe(endpoint);
  });

  it('reads checksums and encryption', () => {
    expect(
      readS3Settings(spec({ checksumAlgorithm: 'crc32', kmsKeyId: 'k' })),
    ).toMatchObject({
      checksumAlgorithm: 'CRC32',
      serverSideEncryption: 'aws:kms',
      kmsKeyId: 'k',
    });
  });

  it.each([
    [spec({}, ''), 'bucket is empty'],
    [spec({}, 'a/b'), 'has no "/"'],
    [spec({ s3Url: 's3.example.com' }), 's3Url is "s3.example.com"'],
    [spec({ s3Url: 'ftp://s3.example.com' }), 'http:// or https://'],
    [spec({ s3Url: 'https://s3.example.com/bucket' }), 'must not have a path'],
    [
      spec({ s3Url: 'https://me:secret@s3.example.com' }),
      'belong into the credential Secret',
    ],
    [spec({ s3ForcePathStyle: 'yes' }), 'allowed are "true" and "false"'],
    [spec({ checksumAlgorithm: 'MD5' }), 'allowed are "" (none), CRC32'],
    [spec({ serverSideEncryption: 'x' }), 'AES256 and aws:kms'],
    [spec({ customerKeyEncryptionFile: '/key' }), 'is not supported'],
  ])('refuses %j', (wrong, message) => {
    expect(() => readS3Settings(wrong)).toThrow(message);
  });

  it('takes a multi-region access point', () => {
    const bucket = 'arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap';
    expect(readS3Settings(spec({}, bucket)).bucket).toBe(bucket);
  });
});
