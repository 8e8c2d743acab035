import { ApiError } from '../cluster/ApiError';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { cloneJson, parseJson, stringifyJson } from '../cluster/json';
import type { BackupRecord, SignedRecord } from './RecordSigner';
import {
  createRecordSigner,
  loadRecordSigner,
  signingKeySecret,
  specDigest,
} from './signRecords';

const record: BackupRecord = {
  version: 1,
  backup: { name: 'b', uid: 'u', specDigest: specDigest({ ttl: '1h0m0s' }) },
  scope: {
    entityRef: 'component:default/orders',
    cluster: 'demo',
    namespace: 'shop',
    namespaceUid: 'n',
    selector: 'app=orders',
    consent: { source: 'namespace', entities: ['component:default/orders'] },
  },
  namespaces: [{ name: 'shop', uid: 'n' }],
  tarballSha256: 'ab'.repeat(32),
  shared: ['configmaps/shop/common'],
  createdAt: '2026-01-01T00:00:00Z',
};

const signer = createRecordSigner(Buffer.alloc(32, 1));

describe('createRecordSigner', () => {
  it('verifies what it signed, after a way through storage', () => {
    const stored = parseJson(
      stringifyJson(signer.sign(record), { sortKeys: true }),
    );
    expect(signer.verify(stored)).toEqual({ verified: true, record });
  });

  it.each([
    ['the scope', (r: BackupRecord) => (r.scope!.namespace = 'payments')],
    ['the selector', (r: BackupRecord) => delete r.scope!.selector],
    ['the whole scope', (r: BackupRecord) => delete r.scope],
    ['the tarball', (r: BackupRecord) => (r.tarballSha256 = 'cd'.repeat(32))],
    ['the spec', (r: BackupRecord) => (r.backup.specDigest = 'x')],
    ['shared objects', (r: BackupRecord) => r.shared.pop()],
    ['anything more', (r: BackupRecord) => Object.assign(r, { admin: true })],
  ])('sees that %s was altered', (_what, alter) => {
    const altered = cloneJson<SignedRecord>(signer.sign(record));
    alter(altered.record);
    expect(signer.verify(altered)).toMatchObject({
      verified: false,
      reason: 'altered',
    });
  });

  it('tells the reasons apart', () => {
    const other = createRecordSigner(Buffer.alloc(32, 2));
    expect(other.verify(signer.sign(record))).toMatchObject({
      reason: 'unknown-key',
    });
    for (const nothing of [undefined, null]) {
      expect(signer.verify(nothing)).toMatchObject({ reason: 'missing' });
    }
    for (const nonsense of [
      1,
      'x',
      [],
      {},
      { record },
      { record: {}, signature: {} },
      {
        record: { ...record, version: 2 },
        signature: signer.sign(record).signature,
      },
    ]) {
      expect(signer.verify(nonsense)).toMatchObject({ reason: 'malformed' });
    }
    const signed = signer.sign(record);
    expect(
      signer.verify({
        ...signed,
        signature: { ...signed.signature, value: '' },
      }),
    ).toMatchObject({ reason: 'altered' });
  });

  it('refuses short keys', () => {
    expect(() => createRecordSigner(Buffer.alloc(16))).toThrow('32 bytes');
  });
});

describe('loadRecordSigner', () => {
  function cluster(initial?: KubernetesObject) {
    let secret = initial;
    let creations = 0;
    const client = {
      get: async () => secret,
      create: async (_type: unknown, object: KubernetesObject) => {
        creations++;
        if (secret)
          throw new ApiError('exists', { code: 409, reason: 'AlreadyExists' });
        secret = object;
        return object;
      },
    } as unknown as ClusterClient;
    return { client, creations: () => creations, secret: () => secret };
  }

  it('makes a key once and keeps it', async () => {
    const { client, creations, secret } = cluster();
    const first = await loadRecordSigner({
      client,
      namespace: 'openshift-adp',
    });
    const second = await loadRecordSigner({
      client,
      namespace: 'openshift-adp',
    });
    expect(second.keyId).toBe(first.keyId);
    expect(creations()).toBe(1);
    expect(secret()?.metadata.name).toBe(signingKeySecret);
    expect(second.verify(first.sign(record)).verified).toBe(true);
  });

  it('makes no key for who only verifies: an import would find it in its way', async () => {
    const { client, creations } = cluster();
    const verifier = await loadRecordSigner({
      client,
      namespace: 'openshift-adp',
      mayCreate: false,
    });
    expect(creations()).toBe(0);
    expect(verifier.verify(signer.sign(record))).toMatchObject({
      verified: false,
      reason: 'unknown-key',
    });
    const forged = signer.sign(record);
    forged.signature.keyId = '';
    expect(verifier.verify(forged).verified).toBe(false);
    expect(() => verifier.sign(record)).toThrow('no Secret');
  });

  it('never replaces a Secret that it cannot use', async () => {
    const { client, creations } = cluster({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: signingKeySecret },
      data: { key: 'c2hvcnQ=' },
    });
    await expect(
      loadRecordSigner({ client, namespace: 'openshift-adp' }),
    ).rejects.toThrow('it is not replaced');
    expect(creations()).toBe(0);
  });
});
