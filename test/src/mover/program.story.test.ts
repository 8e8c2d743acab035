import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import {
  getSnapshot,
  listSnapshots,
  restoreTree,
  rootOf,
} from '@lifeboat/kopia';
import { setTimeout as delay } from 'node:timers/promises';
import {
  readMoverProgress,
  readMoverResult,
  resultAnnotation,
  waitArguments,
} from '@lifeboat/data-mover';
import type {
  DataUpload,
  PodVolumeBackup,
  DataDownload,
} from '@lifeboat/velero-api';
import type { KubernetesObject } from '@lifeboat/engine';
import { startProcess } from '../cluster/childProcess';
import { startDevCluster } from '../cluster/startDevCluster';
import { eventually } from '../cluster/eventually';
import { MoverStage, moverTypes, repositoryPassword } from './MoverStage';

jest.setTimeout(180_000);

const root = process.getuid?.() === 0;

type Stored<T> = T & KubernetesObject;

function fillVolume(folder: string) {
  mkdirSync(path.join(folder, 'data/deep'), { recursive: true });
  writeFileSync(path.join(folder, 'data/rows'), Buffer.alloc(3_000_000, 'row'));
  writeFileSync(path.join(folder, 'data/deep/script'), '#!/bin/sh\n', {
    mode: 0o750,
  });
  chmodSync(path.join(folder, 'data/deep/script'), 0o4750);
  writeFileSync(path.join(folder, 'data/empty'), '');
  writeFileSync(path.join(folder, 'data/holes'), 'start');
  truncateSync(path.join(folder, 'data/holes'), 64 * 1024 * 1024);
  // Neither of these may keep anything out of a backup.
  writeFileSync(path.join(folder, '.kopiaignore'), '*\n');
  symlinkSync('../data/rows', path.join(folder, 'data/link'));
  if (root) {
    lchownSync(path.join(folder, 'data/rows'), 1234, 2345);
    lchownSync(path.join(folder, 'data/link'), 1234, 2345);
  }
  utimesSync(path.join(folder, 'data/rows'), 1_600_000_000, 1_600_000_000.125);
  chmodSync(path.join(folder, 'data'), 0o2770);
  utimesSync(path.join(folder, 'data'), 1_500_000_000, 1_500_000_000);
}

const hash = (file: string) =>
  execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 64);

/** What a tree is: paths with type, mode, owner, time and content. */
function describeTree(folder: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of readdirSync(folder, {
    recursive: true,
    encoding: 'utf8',
  })) {
    if (name === '.velero' || name.startsWith('.velero/')) continue;
    const full = path.join(folder, name);
    const { mode, uid, gid, size } = lstatSync(full);
    const { mtimeNs } = lstatSync(full, { bigint: true });
    const kind = lstatSync(full);
    let content: unknown;
    if (kind.isSymbolicLink()) content = readlinkSync(full);
    else if (kind.isFile()) content = [size, hash(full)];
    // Node sets times as floating-point seconds: exact to the microsecond.
    found[name] = [
      mode.toString(8),
      uid,
      gid,
      Number(mtimeNs / 1000n),
      content,
    ];
  }
  return found;
}

describe('the mover program', () => {
  let stage: MoverStage;
  let volume: string;

  beforeAll(async () => {
    stage = await MoverStage.start(() =>
      startDevCluster({ withoutNode: true }),
    );
    volume = stage.newFolder('volume');
    fillVolume(volume);
    await (await stage.openRepository('shop')).close();
  });

  afterAll(async () => {
    await stage?.stop();
  });

  const dataUpload = (name: string, spec: object = {}) =>
    stage.create<Stored<DataUpload>>(
      moverTypes.DataUpload,
      name,
      {
        snapshotType: 'CSI',
        csiSnapshot: { volumeSnapshot: 'vs', storageClass: 'folders' },
        sourcePVC: 'data',
        sourceNamespace: 'shop',
        backupStorageLocation: 'default',
        operationTimeout: '10m0s',
        ...spec,
      },
      { labels: { 'velero.io/async-operation-id': 'du-1.2' } },
    );

  const backup = (
    name: string,
    options: Parameters<MoverStage['runMover']>[1] = {},
    volumePath = volume,
    volumeMode: 'Filesystem' | 'Block' = 'Filesystem',
  ) =>
    stage.runMover(
      {
        command: 'backup',
        owner: { kind: 'DataUpload', name },
        volumePath,
        volumeMode,
      },
      options,
    );

  it('stores a volume as Velero does and restores it with all that files have', async () => {
    await dataUpload('first');
    const ended = await backup('first');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.result).toMatchObject({
      outcome: 'completed',
      snapshotID: expect.stringMatching(/^[0-9a-f]{32}$/),
      totalBytes: expect.any(Number),
    });
    const { status, metadata } = await stage.get<Stored<DataUpload>>(
      moverTypes.DataUpload,
      'first',
    );
    expect(status).toMatchObject({
      snapshotID: ended.result?.snapshotID,
      path: volume,
      incrementalBytes: ended.result?.totalBytes,
      progress: {
        totalBytes: ended.result?.totalBytes,
        bytesDone: ended.result?.totalBytes,
      },
    });
    expect(readMoverProgress(metadata.annotations)).toMatchObject({
      filesDone: ended.result?.files,
      bytesHashed: ended.result?.totalBytes,
      bytesCached: 0,
    });

    const { repository, close } = await stage.openRepository('shop');
    const [snapshot] = listSnapshots(repository);
    expect(snapshot).toMatchObject({
      id: ended.result?.snapshotID,
      source: {
        host: 'default',
        userName: 'default',
        path: 'snapshot-data-upload-download/kopia/shop/data',
      },
      description: 'Kopia Uploader',
      tags: {
        'snapshot-requester': 'snapshot-data-upload-download',
        'snapshot-uploader': 'kopia',
        'velero.io/async-operation-id': 'du-1.2',
      },
      pins: ['velero-pin'],
    });
    await close();

    const target = stage.newFolder('target');
    writeFileSync(path.join(target, 'stays'), 'what a backup does not hold');
    mkdirSync(path.join(target, 'data'));
    writeFileSync(path.join(target, 'data/rows'), 'is replaced');
    await stage.create(moverTypes.DataDownload, 'first', {
      targetVolume: { pvc: 'data', pv: '', namespace: 'copy' },
      backupStorageLocation: 'default',
      snapshotID: ended.result?.snapshotID,
      sourceNamespace: 'shop',
      operationTimeout: '10m0s',
    });
    const restored = await stage.runMover({
      command: 'restore',
      owner: { kind: 'DataDownload', name: 'first' },
      volumePath: target,
      volumeMode: 'Filesystem',
    });
    expect(restored).toMatchObject({
      exitCode: 0,
      result: {
        outcome: 'completed',
        totalBytes: ended.result?.totalBytes,
        files: ended.result?.files,
      },
    });
    const { stays, ...rest } = describeTree(target);
    expect(stays).toBeDefined();
    expect(rest).toEqual(describeTree(volume));
    const { blocks } = lstatSync(path.join(target, 'data/holes'));
    expect(blocks * 512).toBeLessThan(1024 * 1024);
    const download = await stage.get<Stored<DataDownload>>(
      moverTypes.DataDownload,
      'first',
    );
    expect(download.status?.progress?.bytesDone).toBe(ended.result?.totalBytes);
  });

  it('reads nothing of a volume that has not changed', async () => {
    await dataUpload('again');
    const { result } = await backup('again');
    expect(result).toMatchObject({ outcome: 'completed', incrementalBytes: 0 });
  });

  it('stores a volume of a pod, and tells the waiting pod when it is restored', async () => {
    await stage.create(
      moverTypes.PodVolumeBackup,
      'pod',
      {
        node: 'node',
        pod: { kind: 'Pod', namespace: 'shop', name: 'db-0', uid: '1' },
        volume: 'data',
        backupStorageLocation: 'default',
        repoIdentifier: '',
        tags: { backup: 'nightly', volume: 'data' },
      },
      { annotations: { 'velero.io/pvc-name': 'data-db-0' } },
    );
    const ended = await stage.runMover({
      command: 'backup',
      owner: { kind: 'PodVolumeBackup', name: 'pod' },
      volumePath: volume,
      volumeMode: 'Filesystem',
    });
    expect(ended).toMatchObject({ exitCode: 0 });
    const { status } = await stage.get<Stored<PodVolumeBackup>>(
      moverTypes.PodVolumeBackup,
      'pod',
    );
    expect(status?.snapshotID).toBe(ended.result?.snapshotID);
    const { repository, close } = await stage.openRepository('shop');
    expect(
      listSnapshots(repository).find(({ id }) => id === status?.snapshotID),
    ).toMatchObject({
      source: { path: 'snapshot-pod-volume/kopia/shop/db-0/data-db-0' },
      tags: {
        backup: 'nightly',
        volume: 'data',
        'snapshot-requester': 'snapshot-pod-volume',
      },
    });
    await close();

    const target = stage.newFolder('pod-target');
    mkdirSync(path.join(target, '.velero'));
    writeFileSync(path.join(target, '.velero/earlier'), '');
    await stage.create(
      moverTypes.PodVolumeRestore,
      'pod',
      {
        pod: { kind: 'Pod', namespace: 'copy', name: 'db-0', uid: '2' },
        volume: 'data',
        backupStorageLocation: 'default',
        repoIdentifier: '',
        snapshotID: ended.result?.snapshotID,
        sourceNamespace: 'shop',
      },
      { labels: { 'velero.io/restore-uid': 'uid-of-the-restore' } },
    );
    const waiting = startProcess(process.execPath, [
      path.join(stage.folder, 'program/data-mover.cjs'),
      ...waitArguments('uid-of-the-restore', [target]),
    ]);
    const waited = once(waiting.child, 'exit');
    const restored = await stage.runMover({
      command: 'restore',
      owner: { kind: 'PodVolumeRestore', name: 'pod' },
      volumePath: target,
      volumeMode: 'Filesystem',
    });
    expect(restored).toMatchObject({ exitCode: 0 });
    expect(await waited).toEqual([0, null]);
    expect(readdirSync(path.join(target, '.velero'))).toEqual([
      'uid-of-the-restore',
    ]);
    expect(describeTree(target)).toEqual(describeTree(volume));
  });

  it('stores a block device and writes it back byte for byte', async () => {
    const device = path.join(stage.newFolder('devices'), 'source');
    const bytes = Buffer.alloc(20_000_000);
    for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, at);
    writeFileSync(device, bytes);
    await dataUpload('block', { sourcePVC: 'disk' });
    const ended = await backup('block', {}, device, 'Block');
    expect(ended).toMatchObject({
      exitCode: 0,
      result: { totalBytes: bytes.length },
    });
    const target = path.join(stage.newFolder('devices'), 'target');
    writeFileSync(target, Buffer.alloc(bytes.length, 1));
    const download = {
      targetVolume: { pvc: 'disk', pv: '', namespace: 'shop' },
      backupStorageLocation: 'default',
      snapshotID: ended.result?.snapshotID,
      sourceNamespace: 'shop',
      operationTimeout: '10m0s',
    };
    await stage.create(moverTypes.DataDownload, 'block', download);
    const restore = (volumePath: string, volumeMode: 'Filesystem' | 'Block') =>
      stage.runMover({
        command: 'restore',
        owner: { kind: 'DataDownload', name: 'block' },
        volumePath,
        volumeMode,
      });
    expect(await restore(target, 'Block')).toMatchObject({ exitCode: 0 });
    expect(readFileSync(target).equals(bytes)).toBe(true);
    const wrongMode = await restore(stage.newFolder('no-device'), 'Filesystem');
    expect(wrongMode).toMatchObject({
      exitCode: 1,
      result: {
        outcome: 'failed',
        message: expect.stringMatching(/volume of mode Block/),
      },
    });
  });

  it('ends when its resource is cancelled, and leaves no snapshot', async () => {
    const large = stage.newFolder('large');
    writeFileSync(path.join(large, 'file'), Buffer.alloc(1));
    truncateSync(path.join(large, 'file'), 200 * 1024 ** 3);
    await dataUpload('cancelled', { sourcePVC: 'large' });
    const mover = stage.startMover({
      command: 'backup',
      owner: { kind: 'DataUpload', name: 'cancelled' },
      volumePath: large,
      volumeMode: 'Filesystem',
    });
    const { status, metadata } = await eventually('progress', async () => {
      const found = await stage.get<Stored<DataUpload>>(
        moverTypes.DataUpload,
        'cancelled',
      );
      return readMoverProgress(found.metadata.annotations)?.secondsLeft
        ? found
        : undefined;
    });
    expect(status?.progress?.totalBytes).toBe(200 * 1024 ** 3);
    expect(status?.progress?.bytesDone).toBeGreaterThan(0);
    expect(readMoverProgress(metadata.annotations)).toMatchObject({
      filesTotal: 1,
      bytesPerSecond: expect.any(Number),
    });
    await stage.client.patch(
      moverTypes.DataUpload,
      { namespace: 'openshift-adp', name: 'cancelled' },
      { contentType: 'merge', body: { spec: { cancel: true } } },
      {},
    );
    const cancelledAt = Date.now();
    const ended = await mover.ended;
    expect(Date.now() - cancelledAt).toBeLessThan(10_000);
    expect(ended).toMatchObject({
      exitCode: 3,
      result: { outcome: 'canceled', message: 'Canceled by spec.cancel' },
    });
    const { repository, close } = await stage.openRepository('shop');
    expect(
      listSnapshots(repository).filter(({ source }) =>
        source.path.endsWith('/large'),
      ),
    ).toEqual([]);
    await close();
  });

  it('does not touch the volume before the engine has a slot for it', async () => {
    await dataUpload('later');
    const setPhase = (phase: string) =>
      stage.client.patch(
        moverTypes.DataUpload,
        { namespace: 'openshift-adp', name: 'later' },
        { contentType: 'merge', body: { status: { phase } } },
        {},
      );
    await setPhase('Prepared');
    const mover = stage.startMover({
      command: 'backup',
      owner: { kind: 'DataUpload', name: 'later' },
      volumePath: volume,
      volumeMode: 'Filesystem',
    });
    expect(
      await Promise.race([mover.ended, delay(2000).then(() => 'waiting')]),
    ).toBe('waiting');
    await setPhase('InProgress');
    const { result } = await mover.ended;
    expect(result).toMatchObject({ outcome: 'completed' });
    const { metadata } = await stage.get<Stored<DataUpload>>(
      moverTypes.DataUpload,
      'later',
    );
    expect(readMoverResult(metadata.annotations?.[resultAnnotation])).toEqual(
      result,
    );
  });

  it('ends when the pod is told to, or its resource is gone', async () => {
    const large = stage.newFolder('large');
    const start = async (name: string) => {
      await dataUpload(name, { sourcePVC: 'large' });
      const mover = stage.startMover({
        command: 'backup',
        owner: { kind: 'DataUpload', name },
        volumePath: large,
        volumeMode: 'Filesystem',
      });
      await eventually('progress', async () => {
        const found = await stage.get<Stored<DataUpload>>(
          moverTypes.DataUpload,
          name,
        );
        return (found.status?.progress?.bytesDone ?? 0) > 0;
      });
      return mover;
    };
    const told = await start('told');
    told.process.child.kill('SIGTERM');
    expect(await told.ended).toMatchObject({
      exitCode: 3,
      result: {
        outcome: 'canceled',
        message: expect.stringMatching(/SIGTERM/),
      },
    });
    const gone = await start('gone');
    await stage.client.delete(
      moverTypes.DataUpload,
      { namespace: 'openshift-adp', name: 'gone' },
      {},
    );
    expect(await gone.ended).toMatchObject({
      exitCode: 3,
      result: { outcome: 'canceled', message: 'gone was deleted' },
    });
  });

  it('goes on while the API server is away', async () => {
    const folder = stage.newFolder('away');
    const size = 1024 ** 3;
    writeFileSync(path.join(folder, 'file'), 'large');
    truncateSync(path.join(folder, 'file'), size);
    await dataUpload('away', { sourcePVC: 'away' });
    const mover = stage.startMover({
      command: 'backup',
      owner: { kind: 'DataUpload', name: 'away' },
      volumePath: folder,
      volumeMode: 'Filesystem',
    });
    await eventually('progress', async () => {
      const { status } = await stage.get<Stored<DataUpload>>(
        moverTypes.DataUpload,
        'away',
      );
      return (status?.progress?.bytesDone ?? 0) > 0;
    });
    // Standing still, it takes connections and does not answer.
    process.kill(stage.cluster.pid!, 'SIGSTOP');
    try {
      await delay(4000);
    } finally {
      process.kill(stage.cluster.pid!, 'SIGCONT');
    }
    const ended = await mover.ended;
    expect(ended).toMatchObject({
      exitCode: 0,
      result: { outcome: 'completed', totalBytes: size },
    });
    const { status } = await stage.get<Stored<DataUpload>>(
      moverTypes.DataUpload,
      'away',
    );
    expect(status).toMatchObject({
      snapshotID: ended.result?.snapshotID,
      progress: { bytesDone: size },
    });
  });

  it('reads nothing outside of a live volume, whatever its pod does', async () => {
    const live = stage.newFolder('live');
    const outside = stage.newFolder('outside');
    // A Secret as the kubelet mounts it, and a folder of the application that looks the same.
    for (const folder of [outside, path.join(live, 'real')]) {
      mkdirSync(path.join(folder, '..data'), { recursive: true });
      for (let file = 0; file < 200; file += 1)
        writeFileSync(
          path.join(folder, '..data', `cloud-${file}`),
          folder === outside ? 'CREDENTIALS' : 'harmless!!!',
        );
    }
    const swapping = startProcess('bash', [
      '-c',
      `cd "${live}" && while :; do mv real away; ln -s "${outside}" real; rm real; mv away real; done`,
    ]);
    try {
      for (let round = 0; round < 3; round += 1) {
        const name = `live-${round}`;
        await stage.create(moverTypes.PodVolumeBackup, name, {
          node: 'node',
          pod: { kind: 'Pod', namespace: 'shop', name: `web-${round}` },
          volume: 'live',
          backupStorageLocation: 'default',
          repoIdentifier: '',
        });
        const { exitCode, result } = await stage.runMover({
          command: 'backup',
          owner: { kind: 'PodVolumeBackup', name },
          volumePath: live,
          volumeMode: 'Filesystem',
        });
        expect([0, 1]).toContain(exitCode);
        if (!result?.snapshotID) continue;
        const { repository, close } = await stage.openRepository('shop');
        const target = path.join(stage.folder, `restored-${name}`);
        await restoreTree(
          repository,
          rootOf(getSnapshot(repository, result.snapshotID)),
          target,
        );
        await close();
        const found = spawnSync('grep', ['-rl', 'CREDENTIALS', target], {
          encoding: 'utf8',
        });
        expect(found.stdout).toBe('');
      }
    } finally {
      await swapping.stop();
    }
  });

  it('says what is wrong, and never a secret', async () => {
    await dataUpload('wrong-password');
    const wrong = path.join(stage.folder, 'wrong-password');
    writeFileSync(wrong, 'not the password\n');
    const refused = await backup('wrong-password', {
      settings: { passwordFile: wrong },
    });
    expect(refused).toMatchObject({
      exitCode: 1,
      result: {
        outcome: 'failed',
        message: expect.stringMatching(
          /password does not open the repository of namespace shop in storage location default/,
        ),
      },
    });
    expect(refused.log).not.toContain('not the password');
    expect(refused.log).not.toContain(repositoryPassword);

    await dataUpload('elsewhere', { sourceNamespace: 'elsewhere' });
    expect(await backup('elsewhere')).toMatchObject({
      exitCode: 1,
      result: {
        message: expect.stringMatching(
          /Cannot open the repository of namespace elsewhere in storage location default/,
        ),
      },
    });

    await stage.create(moverTypes.DataDownload, 'unknown', {
      targetVolume: { pvc: 'data', pv: '', namespace: 'copy' },
      backupStorageLocation: 'default',
      snapshotID: 'f'.repeat(32),
      sourceNamespace: 'shop',
      operationTimeout: '10m0s',
    });
    expect(
      await stage.runMover({
        command: 'restore',
        owner: { kind: 'DataDownload', name: 'unknown' },
        volumePath: stage.newFolder('unknown'),
        volumeMode: 'Filesystem',
      }),
    ).toMatchObject({
      exitCode: 1,
      result: { message: expect.stringMatching(/has no snapshot ffff/) },
    });
  });

  (root ? describe : describe.skip)('as another user', () => {
    it('fails before the upload when it may not read everything and is to', async () => {
      const folder = stage.newFolder('unreadable');
      writeFileSync(path.join(folder, 'open'), 'readable');
      writeFileSync(path.join(folder, 'secret'), 'of another', { mode: 0o600 });
      chmodSync(stage.folder, 0o755);
      for (const name of ['account/token', 'account/ca.crt', 'password'])
        chmodSync(path.join(stage.folder, name), 0o644);
      execFileSync('chmod', ['-R', 'a+rwX', `${stage.folder}/storage`]);
      chmodSync(path.join(folder, 'secret'), 0o600);
      await dataUpload('non-root', { sourcePVC: 'unreadable' });
      const ended = await backup(
        'non-root',
        { uid: 65532, gid: 65532, settings: { requireReadable: true } },
        folder,
      );
      expect(ended).toMatchObject({
        exitCode: 1,
        result: {
          message: expect.stringMatching(
            /^1 files or folders of the volume cannot be read by user 65532: secret \(EACCES\)\. Nothing was uploaded/,
          ),
        },
      });
      const { status } = await stage.get<Stored<DataUpload>>(
        moverTypes.DataUpload,
        'non-root',
      );
      expect(status?.progress?.bytesDone).toBe(0);
    });
  });

  it('maintains the repository by its own cycles', async () => {
    await stage.create(moverTypes.BackupRepository, 'shop-default-kopia', {
      volumeNamespace: 'shop',
      backupStorageLocation: 'default',
      repositoryType: 'kopia',
      resticIdentifier: '',
      maintenanceFrequency: '1h0m0s',
    });
    const maintain = () =>
      stage.runMover({
        command: 'maintain',
        owner: { kind: 'BackupRepository', name: 'shop-default-kopia' },
      });
    expect(await maintain()).toMatchObject({
      exitCode: 0,
      result: { outcome: 'completed', maintenance: { mode: 'full' } },
    });
    expect(await maintain()).toMatchObject({
      exitCode: 0,
      result: {
        outcome: 'completed',
        maintenance: { mode: 'none', tasks: [] },
      },
    });
  });

  (process.env.KOPIA ? describe : describe.skip)(
    'with the real program',
    () => {
      // eslint-disable-next-line jest/expect-expect -- the program fails when it finds anything wrong
      it('leaves what the kopia program verifies', () => {
        const config = path.join(stage.folder, 'kopia.config');
        const kopia = (...args: string[]) =>
          execFileSync(
            process.env.KOPIA!,
            [...args, `--config-file=${config}`],
            {
              env: {
                PATH: process.env.PATH,
                HOME: stage.newFolder('home'),
                KOPIA_PASSWORD: repositoryPassword,
                KOPIA_CHECK_FOR_UPDATES: 'false',
              },
              stdio: 'pipe',
            },
          );
        kopia(
          'repository',
          'connect',
          'filesystem',
          `--path=${path.join(stage.folder, 'storage/velero/kopia/shop')}`,
        );
        kopia('snapshot', 'verify', '--verify-files-percent=100');
      });
    },
  );
});
