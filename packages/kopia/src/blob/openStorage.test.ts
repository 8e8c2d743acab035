import { Repository } from '../Repository';
import { startS3Server } from '../testing/s3Server';
import {
  removeTemporaryFolders,
  temporaryFolder,
} from '../testing/temporaryFolder';
import { openStorage } from './openStorage';
import { S3Storage } from './S3Storage';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };

it('opens folders and prefixes of buckets', async () => {
  const folder = await openStorage(temporaryFolder());
  expect(folder.description).toContain('folder');
  await folder.close();
  const server = await startS3Server();
  const bucket = await openStorage(
    `s3://bucket/a b/ü?endpoint=${server.url}&region=r`,
    { credentials },
  );
  expect(bucket.description).toBe('bucket bucket/a b/ü/');
  await bucket.put('p1', Buffer.from('x'));
  expect([...server.objects.keys()]).toEqual(['a b/ü/p1']);
  await bucket.close();
  await server.close();
});

it.each([
  ['gs://bucket/x', 'only folders and s3://bucket/prefix are supported'],
  ['s3:///prefix', 'the bucket is missing'],
  ['s3://bucket/%zz', 'this is not a location'],
  ['s3://bucket/p?endpont=http://h', 'there is no parameter "endpont"'],
  ['s3://bucket/p?endpoint=127.0.0.1:9000', 'must begin with http://'],
])('refuses %s', async (location, problem) => {
  await expect(openStorage(location)).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining(problem),
  });
});

it('does not try again where that cannot help', async () => {
  const server = await startS3Server();
  const options = { bucket: 'bucket', endpoint: server.url, region: 'r' };
  const names = [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_PROFILE',
    'AWS_SHARED_CREDENTIALS_FILE',
    'AWS_EC2_METADATA_DISABLED',
  ];
  const before = names.map(name => process.env[name]);
  for (const name of names) delete process.env[name];
  process.env.AWS_SHARED_CREDENTIALS_FILE = '/does/not/exist';
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  try {
    await expect(
      Repository.open({ storage: new S3Storage(options), password: 'x' }),
    ).rejects.toMatchObject({
      code: 'storage',
      retryable: false,
      message: expect.stringContaining('there are no access keys'),
    });
  } finally {
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
    await server.close();
  }
});
