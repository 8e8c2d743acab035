import { setTimeout as delay } from 'node:timers/promises';
import { veleroTypes } from '@lifeboat/engine';
import type { DeleteBackupRequest } from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { controlNamespace } from '../engine/EngineStage';
import { startBreakableProxy, type BreakableProxy } from './breakableProxy';
import { BucketStage } from './BucketStage';
import { startFaultyS3, type FaultyS3, type Refusal } from './faultyS3';
import type { S3Keys } from './signAgain';

const serverKeys = {
  accessKeyId: process.env.S3_ACCESS_KEY ?? '',
  secretAccessKey: process.env.S3_SECRET_KEY ?? '',
};
const oldKeys = { accessKeyId: 'OLDKEY', secretAccessKey: 'old secret' };
const newKeys = { accessKeyId: 'NEWKEY', secretAccessKey: 'new secret' };

describe('backups with volumes into a bucket', () => {
  let proxy: BreakableProxy;
  let bucket: FaultyS3;
  let stage: BucketStage;
  /** Namespaces into which the stories restored. */
  const copies: string[] = [];

  /** Refuses what is asked for from the moment on in which data of volumes is written or read. */
  const refuseInMidTransfer = (
    first: 'GET' | 'PUT',
    methods: string[],
    refusal: Refusal,
    except?: S3Keys,
  ) =>
    new Promise<void>(resolve => {
      let hasBegun = false;
      bucket.set({
        refuse: ({ method, path, accessKey }) => {
          if (method === first && /\/kopia\/shop\/p[0-9a-f]/.test(path)) {
            hasBegun = true;
            resolve();
          }
          const isRefused =
            hasBegun &&
            methods.includes(method) &&
            accessKey !== except?.accessKeyId;
          return isRefused ? refusal : undefined;
        },
      });
    });
  const failedTransfer = (of: 'backup' | 'restore', name: string) =>
    eventually(
      'the transfer fails',
      async () => {
        const found = await stage.transferOf(of, name);
        return found?.status?.phase === 'Failed' && found.status.message;
      },
      90_000,
    );
  const restore = async (name: string, backupName: string, into: string) => {
    copies.push(into);
    await stage.stage.createNamespace(into);
    await stage.stage.stage.createRestore(name, {
      backupName,
      namespaceMapping: { shop: into },
    });
  };
  const restoreEnd = (name: string) =>
    stage.stage.stage.restoreEnd(name, 120_000);

  beforeAll(async () => {
    proxy = await startBreakableProxy(process.env.S3_ENDPOINT ?? '');
    bucket = await startFaultyS3(proxy.url, serverKeys);
    stage = await BucketStage.start(bucket.url, oldKeys);
  }, 150_000);

  afterEach(async () => {
    bucket.set();
    proxy.mend();
    expect(await stage.harm(copies)).toEqual([]);
  }, 90_000);

  afterAll(async () => {
    await stage?.stop();
    await bucket?.stop();
    await proxy?.stop();
  }, 60_000);

  it('survive that it goes away for some seconds while data is moved', async () => {
    stage.draw();
    await stage.begin('away');
    const goOn = await stage.holdMover('away');
    proxy.breakAfter(0);
    goOn();
    await delay(5_000);
    proxy.mend();
    const { status } = await stage.end('away');
    expect([status?.phase, status?.failureReason]).toEqual([
      'Completed',
      undefined,
    ]);
  }, 150_000);

  it('complete where it is slow, and are restored from there', async () => {
    bucket.set({ latencyMs: 120, bytesPerSecond: 8_000_000 });
    const picture = stage.draw();
    await stage.completes('slow');
    const upload = await stage.transferOf('backup', 'slow');
    expect(upload?.status?.progress).toEqual({
      totalBytes: picture.length,
      bytesDone: picture.length,
    });
    await restore('slow', 'slow', 'slow-copy');
    expect((await restoreEnd('slow')).status?.phase).toBe('Completed');
    expect((await stage.pictureIn('slow-copy')).equals(picture)).toBe(true);
  }, 150_000);

  it.each([
    [
      'quota',
      ['PUT', 'POST'],
      403,
      'QuotaExceeded',
      /is full: .*QuotaExceeded/,
    ],
    ['full', ['PUT', 'POST'], 507, 'XMinioStorageFull', /is full: .*HTTP 507/],
    [
      'read-only',
      ['PUT', 'POST', 'DELETE'],
      403,
      'AccessDenied',
      /AccessDenied, no permission/,
    ],
  ])(
    'say what became of it in mid-transfer: %s',
    async (name, methods, status, code, message) => {
      stage.draw();
      const begun = refuseInMidTransfer('PUT', methods, { status, code });
      await stage.begin(name);
      await begun;
      expect(await failedTransfer('backup', name)).toMatch(message);
      bucket.set();
      expect((await stage.end(name)).status?.phase).toBe('PartiallyFailed');
    },
    180_000,
  );

  it('fail with keys that are withdrawn in mid-transfer, and go on with new ones', async () => {
    stage.draw();
    const begun = refuseInMidTransfer(
      'PUT',
      ['PUT', 'GET', 'HEAD', 'DELETE'],
      { status: 403, code: 'InvalidAccessKeyId' },
      newKeys,
    );
    await stage.begin('rotated');
    await begun;
    expect(await failedTransfer('backup', 'rotated')).toMatch(
      /refuses the credentials: .*InvalidAccessKeyId/,
    );
    await stage.giveKeys(newKeys);
    expect((await stage.end('rotated')).status?.phase).toBe('PartiallyFailed');
    await stage.completes('renewed');
  }, 150_000);

  it('are refused with keys that it does not know', async () => {
    bucket.set({
      refuse: () => ({ status: 403, code: 'SignatureDoesNotMatch' }),
    });
    await stage.locationIs('Unavailable');
    await stage.begin('withdrawn');
    expect((await stage.end('withdrawn')).status).toMatchObject({
      phase: 'FailedValidation',
      validationErrors: [expect.stringMatching(/bucket.*Unavailable/)],
    });
    bucket.set();
    await stage.locationIs('Available');
  }, 150_000);

  it('are restored again where reading them was forbidden', async () => {
    const picture = stage.draw();
    await stage.completes('unread');
    const begun = refuseInMidTransfer('GET', ['GET'], {
      status: 403,
      code: 'AccessDenied',
    });
    await restore('unread', 'unread', 'unread-copy');
    await begun;
    expect(await failedTransfer('restore', 'unread')).toMatch(
      /AccessDenied, no permission/,
    );
    bucket.set();
    expect((await restoreEnd('unread')).status?.phase).toBe('PartiallyFailed');
    await stage.stage.stage.createRestore('read', {
      backupName: 'unread',
      namespaceMapping: { shop: 'unread-copy' },
    });
    expect((await restoreEnd('read')).status?.phase).toBe('Completed');
    expect((await stage.pictureIn('unread-copy')).equals(picture)).toBe(true);
  }, 180_000);

  it('stay while it refuses to delete them, and go when it is asked again', async () => {
    const requestDeletion = async (name: string) => {
      await stage.stage.client.create<DeleteBackupRequest>(
        veleroTypes.deleteBackupRequests,
        {
          apiVersion: 'velero.io/v1',
          kind: 'DeleteBackupRequest',
          metadata: { namespace: controlNamespace, name },
          spec: { backupName: 'unread' },
        },
      );
      return eventually(
        `request ${name} ends`,
        async () => {
          const found = await stage.stage.client.get<DeleteBackupRequest>(
            veleroTypes.deleteBackupRequests,
            { namespace: controlNamespace, name },
          );
          if (!found) return ['gone'];
          return found.status?.phase === 'Processed' && found.status.errors;
        },
        60_000,
      );
    };
    bucket.set({
      refuse: ({ method }) =>
        method === 'GET' || method === 'HEAD'
          ? undefined
          : { status: 403, code: 'AccessDenied' },
    });
    expect(await requestDeletion('refused')).toEqual([
      expect.stringMatching(/AccessDenied|may not/),
    ]);
    expect(await stage.stage.stage.getBackup('unread')).toBeTruthy();
    bucket.set();
    expect(await requestDeletion('again')).toEqual(['gone']);
    expect(await stage.stage.stage.getBackup('unread')).toBeUndefined();
  }, 150_000);
});
