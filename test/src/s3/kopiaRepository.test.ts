import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  deleteSnapshot,
  initializeRepository,
  listSnapshots,
  maintenanceParameters,
  Repository,
  restoreTree,
  rootOf,
  runMaintenance,
  S3Storage,
  setMaintenanceParameters,
  uploadTree,
  verifyContents,
  verifySnapshots,
  withRetry,
} from '@lifeboat/kopia';

jest.setTimeout(180_000);

const credentials = {
  accessKeyId: process.env.S3_ACCESS_KEY ?? '',
  secretAccessKey: process.env.S3_SECRET_KEY ?? '',
};
const region = process.env.S3_REGION ?? 'us-east-1';
const endpoint = process.env.S3_ENDPOINT ?? '';
const s3 = new S3Client({
  endpoint,
  region,
  credentials,
  forcePathStyle: true,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
});
const run = `kopia-${process.pid}-${Date.now()}`;
const day = 24 * 3600 * 1000;
const password = 'secret';
const user = { username: 'me', hostname: 'here' };
const kopia =
  process.env.KOPIA && existsSync(process.env.KOPIA)
    ? process.env.KOPIA
    : undefined;

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'lifeboat-s3-kopia-'));
  folders.push(made);
  return made;
}
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
  s3.destroy();
});

function fill(tree: string, round: number) {
  writeFileSync(join(tree, 'large.bin'), randomBytes(30_000_000));
  writeFileSync(join(tree, `text-${round}`), `round ${round}\n`.repeat(5000));
}

/** Lets the real program check everything, where there is one. */
function verifyWithKopia(bucket: string, prefix: string) {
  if (!kopia) return;
  const home = folder();
  const call = (...args: string[]) =>
    execFileSync(
      kopia,
      [
        ...args,
        `--config-file=${home}/config`,
        `--log-dir=${home}/logs`,
        '--no-progress',
        '--no-auto-maintenance',
        '--no-persist-credentials',
      ],
      {
        env: {
          ...process.env,
          HOME: home,
          KOPIA_PASSWORD: password,
          KOPIA_CHECK_FOR_UPDATES: 'false',
          KOPIA_CACHE_DIRECTORY: join(home, 'cache'),
        },
        stdio: 'pipe',
      },
    );
  call(
    'repository',
    'connect',
    's3',
    `--bucket=${bucket}`,
    `--prefix=${prefix}`,
    `--endpoint=${new URL(endpoint).host}`,
    ...(endpoint.startsWith('http:') ? ['--disable-tls'] : []),
    `--access-key=${credentials.accessKeyId}`,
    `--secret-access-key=${credentials.secretAccessKey}`,
    `--region=${region}`,
    '--max-list-cache-duration=0s',
  );
  call('content', 'verify', '--full');
  call('snapshot', 'verify', '--verify-files-percent=100');
}

const sha256 = (file: string) =>
  createHash('sha256').update(readFileSync(file)).digest('hex');

async function expectSound(repository: Repository) {
  const { damage } = await verifySnapshots(
    repository,
    listSnapshots(repository),
  );
  expect(damage).toEqual([]);
  expect((await verifyContents(repository)).damage).toEqual([]);
}

describe.each([
  ['plain', endpoint, undefined],
  ['TLS', process.env.S3_TLS_ENDPOINT ?? '', process.env.S3_CA_CERT],
])('a Kopia repository in S3, %s', (name, url, caFile) => {
  it('is written, restored, extended, maintained', async () => {
    const prefix = `${run}/${name}/`;
    const bucket = process.env.S3_BUCKET ?? '';
    const storage = withRetry(
      new S3Storage({
        bucket,
        prefix,
        endpoint: url,
        region,
        credentials,
        certificateAuthority: caFile && readFileSync(caFile, 'utf8'),
      }),
    );
    const repository = await Repository.create({ storage, password, user });
    await initializeRepository(repository);
    const tree = folder();
    const source = { path: '/data' };
    fill(tree, 1);
    const first = await uploadTree(repository, tree, { source });
    fill(tree, 2);
    const second = await uploadTree(repository, tree, { source });
    const out = join(folder(), 'out');
    const { errors } = await restoreTree(
      repository,
      rootOf(second.snapshot),
      out,
    );
    expect(errors).toEqual([]);
    for (const file of ['large.bin', 'text-1', 'text-2'])
      expect(sha256(join(out, file))).toBe(sha256(join(tree, file)));
    verifyWithKopia(bucket, prefix);
    deleteSnapshot(repository, first.snapshot.id);
    await repository.flush();
    await runMaintenance(repository, { mode: 'full', safety: 'none' });
    const before = (await repository.listBlobs('p')).length;
    await runMaintenance(repository, { mode: 'full', safety: 'none' });
    expect((await repository.listBlobs('p')).length).toBeLessThanOrEqual(
      before,
    );
    await expectSound(repository);
    verifyWithKopia(bucket, prefix);
    for (const { id } of await repository.listBlobs(''))
      await storage.delete(id);
    await repository.close();
    await storage.close();
  });
});

describe('a Kopia repository under object lock', () => {
  const bucket = `${run}-locked`.toLowerCase();
  const prefix = 'volumes/';
  beforeAll(async () => {
    await s3.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ObjectLockEnabledForBucket: true,
      }),
    );
  });

  async function lockOf(id: string) {
    const head = await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: prefix + id }),
    );
    return {
      mode: head.ObjectLockMode,
      until: head.ObjectLockRetainUntilDate?.getTime(),
    };
  }

  async function keys() {
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }),
    );
    return Contents.map(({ Key = '' }) => Key.slice(prefix.length));
  }

  it('locks what holds data, cannot be destroyed, and prolongs its locks', async () => {
    const storage = new S3Storage({
      bucket,
      prefix,
      endpoint,
      region,
      credentials,
    });
    const started = Date.now();
    const repository = await Repository.create({
      storage,
      password,
      user,
      retention: { mode: 'GOVERNANCE', periodMs: 2 * day },
    });
    await initializeRepository(repository);
    const tree = folder();
    fill(tree, 1);
    await uploadTree(repository, tree);
    await repository.changePassword(password);
    const locked: string[] = [];
    for (const id of await keys()) {
      const { mode, until } = await lockOf(id);
      if (!mode) continue;
      locked.push(id);
      expect(mode).toBe('GOVERNANCE');
      expect(until! - started).toBeGreaterThan(2 * day - 60_000);
      expect(until! - started).toBeLessThan(2 * day + 600_000);
    }
    const kinds = new Set(
      locked.map(id => id.replace(/^(kopia\.\w+|.).*/, '$1')),
    );
    expect([...kinds].sort()).toEqual([
      'kopia.blobcfg',
      'kopia.repository',
      'p',
      'q',
      'x',
    ]);

    // Whoever deletes the objects only hides them: each version stays, and refuses to go.
    const [pack] = locked.filter(id => id.startsWith('p'));
    const { Versions = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix + pack }),
    );
    expect(Versions).toHaveLength(1);
    await expect(
      s3.send(
        new DeleteObjectCommand({
          Bucket: bucket,
          Key: prefix + pack,
          VersionId: Versions[0].VersionId,
        }),
      ),
    ).rejects.toThrow();

    // Another client honours the settings that it finds, and maintenance prolongs the locks.
    const again = await Repository.open({ storage, password, user });
    expect(again.blobConfig).toMatchObject({ retentionMode: 'GOVERNANCE' });
    setMaintenanceParameters(again, {
      ...maintenanceParameters(again)!,
      extendObjectLocks: true,
    });
    await again.flush();
    const before = (await lockOf(pack)).until!;
    await new Promise(resolve => setTimeout(resolve, 2000));
    const { tasks } = await runMaintenance(again, { mode: 'full' });
    expect(tasks.map(({ task }) => task)).toContain(
      'extend-blob-retention-time',
    );
    expect((await lockOf(pack)).until!).toBeGreaterThan(before);
    await expectSound(again);
    verifyWithKopia(bucket, prefix);
    await again.close();
    await repository.close();
    await storage.close();
  });

  it('names the blob that a server without object lock refuses', async () => {
    const plain = new S3Storage({
      bucket: process.env.S3_BUCKET ?? '',
      prefix: `${run}/unlocked/`,
      endpoint,
      region,
      credentials,
    });
    await expect(
      Repository.create({
        storage: plain,
        password,
        retention: { mode: 'COMPLIANCE', periodMs: day },
      }),
    ).rejects.toThrow(/kopia\.blobcfg/);
    await plain.close();
  });
});
