import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import {
  openObjectStore,
  StorageError,
  type ClusterClient,
  type ObjectStore,
} from '@lifeboat/engine';
import { objectStoreConformance } from '@lifeboat/engine/testing';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';

// A server as test/README.md says; the S3 stage of CI starts Ceph's RGW and versitygw.
const environment = {
  endpoint: process.env.S3_ENDPOINT,
  tlsEndpoint: process.env.S3_TLS_ENDPOINT,
  ca: process.env.S3_CA_CERT,
  accessKey: process.env.S3_ACCESS_KEY ?? '',
  secretKey: process.env.S3_SECRET_KEY ?? '',
  region: process.env.S3_REGION ?? 'us-east-1',
  bucket: process.env.S3_BUCKET ?? '',
};

const caCert = environment.ca
  ? readFileSync(environment.ca).toString('base64')
  : undefined;

interface Changes {
  config?: Record<string, string>;
  bucket?: string;
  caCert?: string;
  credentials?: string;
}

function credentials(accessKey: string, secretKey: string): string {
  return [
    '[other]\r',
    'aws_access_key_id=wrong\r',
    'aws_secret_access_key=wrong\r',
    '[default]\r',
    `aws_access_key_id=${accessKey}\r`,
    `aws_secret_access_key = ${secretKey}\r`,
  ].join('\n');
}

function open(changes: Changes = {}): Promise<ObjectStore> {
  const location: BackupStorageLocation = {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name: 'default', namespace: 'openshift-adp' },
    spec: {
      provider: 'aws',
      config: {
        region: environment.region,
        s3Url: environment.endpoint ?? '',
        s3ForcePathStyle: 'true',
        checksumAlgorithm: '',
        ...changes.config,
      },
      objectStorage: {
        bucket: changes.bucket ?? environment.bucket,
        ...(changes.caCert ? { caCert: changes.caCert } : {}),
      },
    },
  };
  const text =
    changes.credentials ??
    credentials(environment.accessKey, environment.secretKey);
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cloud-credentials', namespace: 'openshift-adp' },
    data: { cloud: Buffer.from(text).toString('base64') },
  };
  const client = {
    get: async () => secret,
  } as unknown as ClusterClient;
  return openObjectStore(location, { client, namespace: 'openshift-adp' });
}

async function failure(store: Promise<ObjectStore>): Promise<StorageError> {
  try {
    for await (const directory of (await store).listDirectories('')) {
      throw new Error(`Expected a failure, found ${directory}`);
    }
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('Expected a failure');
}

if (!environment.endpoint || !environment.tlsEndpoint || !caCert) {
  throw new Error(
    'S3_ENDPOINT, S3_TLS_ENDPOINT and S3_CA_CERT must be set: see test/README.md',
  );
}

objectStoreConformance(`S3 at ${environment.endpoint}`, () => open());

objectStoreConformance(`S3 at ${environment.tlsEndpoint} with its CA`, () =>
  open({ caCert, config: { s3Url: environment.tlsEndpoint ?? '' } }),
);

describe('messages that help', () => {
  it('names a bucket that does not exist', async () => {
    const error = await failure(open({ bucket: 'lifeboat-no-such-bucket' }));
    expect(error.reason).toBe('bucket-missing');
    expect(error.message).toContain(
      'Bucket "lifeboat-no-such-bucket" does not exist',
    );
  });

  it('tells an unknown access key', async () => {
    const error = await failure(
      open({
        credentials: credentials('nobodyknowsme1234567', 'x'.repeat(40)),
      }),
    );
    expect(['credentials', 'access-denied']).toContain(error.reason);
    expect(error.message).toContain('Secret cloud-credentials, key cloud');
  });

  it('tells a wrong secret key', async () => {
    const error = await failure(
      open({ credentials: credentials(environment.accessKey, 'x'.repeat(40)) }),
    );
    expect(error.reason).toBe('credentials');
    expect(error.message).toContain('check aws_secret_access_key');
  });

  it('tells a server that is not there', async () => {
    const error = await failure(
      open({ config: { s3Url: 'http://127.0.0.1:9' } }),
    );
    expect(error.reason).toBe('unreachable');
    expect(error.message).toContain('http://127.0.0.1:9 cannot be reached');
  });

  it('tells a name that does not resolve', async () => {
    const error = await failure(
      open({ config: { s3Url: 'http://no-such-host.invalid' } }),
    );
    expect(error.reason).toBe('unreachable');
    expect(error.message).toContain('cannot be resolved');
  }, 30_000);

  it('tells an unknown CA', async () => {
    const error = await failure(
      open({ config: { s3Url: environment.tlsEndpoint ?? '' } }),
    );
    expect(error.reason).toBe('tls');
    expect(error.message).toContain('spec.objectStorage.caCert');
  });

  it('goes without verification when told so', async () => {
    const store = await open({
      config: {
        s3Url: environment.tlsEndpoint ?? '',
        insecureSkipTLSVerify: 'true',
      },
    });
    expect(await store.stat('lifeboat-no-such-key')).toBeUndefined();
  });

  it('tells plain HTTP on a TLS port', async () => {
    const error = await failure(
      open({
        config: {
          s3Url: (environment.tlsEndpoint ?? '').replace('https', 'http'),
        },
      }),
    );
    expect(error).toBeInstanceOf(StorageError);
  });
});

describe('uploads that never ended', () => {
  it('are swept', async () => {
    const key = 'lifeboat-sweep/abandoned';
    const s3 = new S3Client({
      endpoint: environment.endpoint,
      region: environment.region,
      forcePathStyle: true,
      credentials: {
        accessKeyId: environment.accessKey,
        secretAccessKey: environment.secretKey,
      },
    });
    await s3.send(
      new CreateMultipartUploadCommand({
        Bucket: environment.bucket,
        Key: key,
      }),
    );
    s3.destroy();
    const store = await open();
    expect(await store.sweep?.('lifeboat-sweep/')).toBe(0);
    expect(await store.sweep?.('another/', { olderThanMs: -60_000 })).toBe(0);
    expect(
      await store.sweep?.('lifeboat-sweep/', { olderThanMs: -60_000 }),
    ).toBe(1);
    expect(
      await store.sweep?.('lifeboat-sweep/', { olderThanMs: -60_000 }),
    ).toBe(0);
  });

  it('are not left for long by puts that fail', async () => {
    const store = await open();
    const failing = Readable.from(
      (async function* source() {
        yield Buffer.alloc(20_000_000);
        throw new Error('the source broke');
      })(),
    );
    await expect(store.put('lifeboat-sweep/failing', failing)).rejects.toThrow(
      'the source broke',
    );
    // A part that was on its way may arrive after the upload was aborted.
    const left = await eventually(
      'nothing is left',
      async () =>
        (await store.sweep?.('lifeboat-sweep/', { olderThanMs: -60_000 })) ===
        0,
    );
    expect(left).toBe(true);
  });
});

describe('the fence', () => {
  it('is asked before each request that writes', async () => {
    const keys = ['lifeboat-fence/a'];
    const store = await open();
    await store.put(keys[0], Buffer.from('x'));
    let allowed = true;
    const location = {
      apiVersion: 'velero.io/v1',
      kind: 'BackupStorageLocation',
      metadata: { name: 'default' },
      spec: {
        provider: 'velero.io/aws',
        config: {
          region: environment.region,
          s3Url: environment.endpoint ?? '',
          s3ForcePathStyle: 'true',
        },
        objectStorage: { bucket: environment.bucket },
      },
    } as BackupStorageLocation;
    const text = credentials(environment.accessKey, environment.secretKey);
    const client = {
      get: async () => ({
        data: { cloud: Buffer.from(text).toString('base64') },
      }),
    } as unknown as ClusterClient;
    const fenced = await openObjectStore(location, {
      client,
      namespace: 'openshift-adp',
      beforeWrite: () => {
        if (!allowed) throw new Error('not the leader');
      },
    });
    await fenced.put(keys[0], Buffer.from('allowed'));
    allowed = false;
    await expect(fenced.put(keys[0], Buffer.from('y'))).rejects.toThrow(
      'not the leader',
    );
    await expect(fenced.delete(keys)).rejects.toThrow('not the leader');
    expect((await fenced.stat(keys[0]))?.size).toBe('allowed'.length);
    await store.delete(keys);
  });
});
