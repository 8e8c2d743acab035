import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readMoverProgress } from '@lifeboat/data-mover';
import {
  listSnapshots,
  veleroRepositoryState,
  verifySnapshots,
} from '@lifeboat/kopia';
import type { KubernetesObject } from '@lifeboat/engine';
import { eventually } from '../cluster/eventually';
import { startDevCluster } from '../cluster/startDevCluster';
import { MoverStage, moverTypes } from '../mover/MoverStage';
import { startBreakableProxy } from './breakableProxy';

jest.setTimeout(180_000);

const credentials = `[default]
aws_access_key_id=${process.env.S3_ACCESS_KEY}
aws_secret_access_key=${process.env.S3_SECRET_KEY}
`;

const locationOf = (endpoint: string, prefix: string) => ({
  provider: 'aws',
  config: {
    s3Url: endpoint,
    s3ForcePathStyle: 'true',
    region: process.env.S3_REGION ?? 'us-east-1',
  },
  objectStorage: { bucket: process.env.S3_BUCKET ?? '', prefix },
});

describe.each([
  ['plain', process.env.S3_ENDPOINT ?? '', undefined],
  ['TLS', process.env.S3_TLS_ENDPOINT ?? '', process.env.S3_CA_CERT],
])('the mover with S3, %s', (name, endpoint, caFile) => {
  let stage: MoverStage;
  let volume: string;

  beforeAll(async () => {
    stage = await MoverStage.start(
      () => startDevCluster({ withoutNode: true }),
      {
        spec: locationOf(
          endpoint,
          `mover-${name}-${process.pid}-${Date.now()}`,
        ),
        credentials,
        certificateAuthority: caFile && readFileSync(caFile, 'utf8'),
      },
    );
    volume = stage.newFolder('volume');
    mkdirSync(path.join(volume, 'sub'));
    writeFileSync(path.join(volume, 'sub/rows'), randomBytes(30_000_000));
    for (let file = 0; file < 300; file += 1)
      writeFileSync(path.join(volume, `file-${file}`), `content of ${file}`);
  });

  afterAll(async () => {
    await stage?.stop();
  });

  const dataUpload = (upload: string, location = 'default') =>
    stage.create(moverTypes.DataUpload, upload, {
      snapshotType: 'CSI',
      csiSnapshot: { volumeSnapshot: 'vs', storageClass: 'folders' },
      sourcePVC: 'data',
      sourceNamespace: 'shop',
      backupStorageLocation: location,
      operationTimeout: '10m0s',
    });

  const start = (
    upload: string,
    settings: Parameters<MoverStage['startMover']>[1] = {},
  ) =>
    stage.startMover(
      {
        command: 'backup',
        owner: { kind: 'DataUpload', name: upload },
        volumePath: volume,
        volumeMode: 'Filesystem',
      },
      settings,
    );

  it('makes a repository, fills it, and restores from it', async () => {
    const { repository, created, close } = await stage.openRepository('shop');
    expect(created).toBe(true);
    expect(await veleroRepositoryState(repository)).toBe('ready');
    await close();
    await dataUpload('first');
    const { exitCode, result } = await start('first').ended;
    expect({ exitCode, result }).toMatchObject({
      exitCode: 0,
      result: { outcome: 'completed', files: 301 },
    });
    await stage.create(moverTypes.DataDownload, 'first', {
      targetVolume: { pvc: 'data', pv: '', namespace: 'copy' },
      backupStorageLocation: 'default',
      snapshotID: result?.snapshotID,
      sourceNamespace: 'shop',
      operationTimeout: '10m0s',
    });
    const target = stage.newFolder('target');
    expect(
      await stage.runMover({
        command: 'restore',
        owner: { kind: 'DataDownload', name: 'first' },
        volumePath: target,
        volumeMode: 'Filesystem',
      }),
    ).toMatchObject({ exitCode: 0 });
    expect(
      execFileSync('diff', ['-r', volume, target], { encoding: 'utf8' }),
    ).toBe('');
  });

  it('says that the keys are refused, and not which', async () => {
    const wrong = path.join(stage.folder, 'wrong-keys');
    writeFileSync(
      wrong,
      '[default]\naws_access_key_id=NOBODYKNOWSTHIS\naws_secret_access_key=norThisOneAtAll\n',
    );
    await dataUpload('refused');
    const ended = await start('refused', {
      settings: { credentialsFile: wrong },
    }).ended;
    expect(ended).toMatchObject({
      exitCode: 1,
      result: { outcome: 'failed', message: expect.stringMatching(/403/) },
    });
    expect(ended.log + JSON.stringify(ended.result)).not.toMatch(
      /norThisOneAtAll/,
    );
  });

  // The proxy knows no TLS.
  const throughAProxy = () => {
    it('goes on when the storage was away for a moment', async () => {
      const proxy = await startBreakableProxy(endpoint);
      try {
        const location = locationOf(
          proxy.url,
          stage.location.spec.objectStorage.prefix!,
        );
        await stage.create(
          moverTypes.BackupStorageLocation,
          'through-proxy',
          location,
        );
        writeFileSync(path.join(volume, 'sub/more'), randomBytes(150_000_000));
        await dataUpload('interrupted', 'through-proxy');
        const mover = start('interrupted');
        await eventually('progress', async () => {
          const { metadata } = await stage.get<KubernetesObject>(
            moverTypes.DataUpload,
            'interrupted',
          );
          return (
            (readMoverProgress(metadata.annotations)?.bytesHashed ?? 0) > 0
          );
        });
        proxy.breakAfter(0);
        await new Promise(resolve => setTimeout(resolve, 3000));
        proxy.mend();
        expect(await mover.ended).toMatchObject({
          exitCode: 0,
          result: { outcome: 'completed' },
        });
      } finally {
        await proxy.stop();
      }
      const { repository, close } = await stage.openRepository('shop');
      const report = await verifySnapshots(
        repository,
        listSnapshots(repository),
      );
      await close();
      expect(report.damage).toEqual([]);
    });
  };
  // eslint-disable-next-line jest/valid-describe-callback -- it is a function
  if (!caFile) describe('through a proxy', throughAProxy);
});
