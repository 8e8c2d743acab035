import { readdirSync } from 'node:fs';
import { coreTypes, type KubernetesObject } from '@lifeboat/engine';
import { controlNamespace } from '../engine/EngineStage';
import { RestoreStage } from './RestoreStage';
import { startVolumeCluster } from './startVolumeCluster';
import { StoredBackup, storedRepository } from './veleroChecklist';

/** What a Velero that is given our bucket relies on; a real one was tried with the same backups. */
describe('what Velero needs to restore our backups', () => {
  let stage: RestoreStage;
  let moved: StoredBackup;
  let kept: StoredBackup;
  let files: StoredBackup;
  let repository: Awaited<ReturnType<typeof storedRepository>>;

  beforeAll(async () => {
    stage = await RestoreStage.start(startVolumeCluster, {
      fileSystemBackup: { enabled: true },
    });
    await stage.stage.createNamespace('shop');
    await stage.deploy('shop', 'db', 'rows of the shop');
    const spec = { includedNamespaces: ['shop'] };
    await stage.stage.prepareBackup('moved', {
      ...spec,
      snapshotMoveData: true,
    });
    await stage.stage.prepareBackup('kept', {
      ...spec,
      snapshotMoveData: false,
    });
    await stage.stage.prepareBackup('files', {
      ...spec,
      snapshotVolumes: false,
      defaultVolumesToFsBackup: true,
    });
    const storage = stage.stage.storage();
    [moved, kept, files] = await Promise.all(
      ['moved', 'kept', 'files'].map(name => StoredBackup.read(storage, name)),
    );
    const secret = await stage.client.get<
      KubernetesObject & { data: { [key: string]: string } }
    >(coreTypes.secrets, {
      namespace: controlNamespace,
      name: 'velero-repo-credentials',
    });
    const password = Buffer.from(
      secret?.data['repository-password'] ?? '',
      'base64',
    ).toString('utf8');
    repository = await storedRepository(storage, 'shop', password);
  }, 240_000);

  afterAll(async () => {
    await stage?.stop();
  }, 60_000);

  const all = () => [moved, kept, files];

  it('1: only folders that Velero allows', () => {
    const allowed = [
      'backups',
      'restores',
      'restic',
      'metadata',
      'plugins',
      'kopia',
    ];
    const top = readdirSync(stage.stage.storage());
    expect(top.filter(name => !allowed.includes(name))).toEqual([]);
    expect(top).toContain('kopia');
  });

  it('2: a Backup with its end, as plain JSON', () => {
    for (const { metadata, name } of all()) {
      expect(metadata).toMatchObject({
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { name, uid: expect.any(String) },
        status: {
          phase: 'Completed',
          version: 1,
          formatVersion: '1.1.0',
          startTimestamp: expect.any(String),
          completionTimestamp: expect.any(String),
          expiration: expect.any(String),
        },
      });
    }
  });

  it('3: metadata/version first, every object also by its preferred version', () => {
    for (const { names } of all()) {
      expect(names[0]).toBe('metadata/version');
      const plain = names.filter(
        name =>
          /^resources\//.test(name) && !name.includes('-preferredversion/'),
      );
      const versioned = names.filter(name =>
        name.includes('-preferredversion/'),
      );
      expect(
        versioned.map(name => name.replace(/[^/]+-preferredversion\//, '')),
      ).toEqual(
        expect.arrayContaining(
          plain.filter(name => !name.includes('datauploads')),
        ),
      );
    }
  });

  it('4: all its files, and each volume by the name of its PersistentVolume', () => {
    for (const backup of all()) {
      expect(backup.missingFiles()).toEqual([]);
      expect(backup.volumes.map(volume => volume.pvName)).toEqual([
        expect.stringMatching(/^pvc-/),
      ]);
    }
    expect(moved.volumes[0]).toMatchObject({
      backupMethod: 'CSISnapshot',
      snapshotDataMoved: true,
      result: 'succeeded',
    });
    expect(kept.volumes[0]).toMatchObject({
      backupMethod: 'CSISnapshot',
      snapshotDataMoved: false,
    });
    expect(files.volumes[0]).toMatchObject({
      backupMethod: 'PodVolumeBackup',
    });
  });

  it('5: PodVolumeBackups with pod, volume, claim and snapshot', () => {
    expect(files.podVolumeBackups).toEqual([
      expect.objectContaining({
        metadata: expect.objectContaining({
          annotations: expect.objectContaining({ 'velero.io/pvc-name': 'db' }),
        }),
        spec: expect.objectContaining({
          uploaderType: 'kopia',
          volume: 'data',
          pod: expect.objectContaining({
            namespace: 'shop',
            name: expect.stringMatching(/^db-/),
          }),
        }),
        status: expect.objectContaining({
          phase: 'Completed',
          snapshotID: expect.stringMatching(/^[0-9a-f]{32}$/),
        }),
      }),
    ]);
  });

  it('6: DataUploads with their result, found by the claim', () => {
    expect(moved.metadata.spec.snapshotMoveData).toBe(true);
    const [upload] = moved.dataUploads;
    expect(upload).toMatchObject({
      spec: { sourceNamespace: 'shop', sourcePVC: 'db' },
      status: {
        phase: 'Completed',
        snapshotID: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
    const [claim] = moved.items('persistentvolumeclaims');
    expect(claim.metadata.annotations).toMatchObject({
      'velero.io/data-upload-name': `${controlNamespace}/${upload.metadata.name}`,
    });
  });

  it('7: a repository with the identity, paths, tags and pins of Velero', () => {
    expect(repository.state).toBe('ready');
    const [byUpload, byPod] = [
      moved.dataUploads[0].status?.snapshotID,
      files.podVolumeBackups[0].status?.snapshotID,
    ].map(id => repository.snapshots.find(snapshot => snapshot.id === id));
    for (const [snapshot, requester, source] of [
      [byUpload, 'snapshot-data-upload-download', 'shop/db'],
      [
        byPod,
        'snapshot-pod-volume',
        `shop/${files.podVolumeBackups[0].spec.pod.name}/db`,
      ],
    ] as const) {
      expect(snapshot).toMatchObject({
        source: {
          host: 'default',
          userName: 'default',
          path: `${requester}/kopia/${source}`,
        },
        description: 'Kopia Uploader',
        pins: ['velero-pin'],
      });
      expect(Object.values(snapshot?.tags ?? {})).toEqual(
        expect.arrayContaining([requester, 'kopia']),
      );
    }
  });

  it('8: snapshots that stay: VolumeSnapshot and content with their status, found by the claim', () => {
    const [snapshot] = kept.items('volumesnapshots.snapshot.storage.k8s.io');
    const [content] = kept.items(
      'volumesnapshotcontents.snapshot.storage.k8s.io',
    );
    expect(snapshot.status.boundVolumeSnapshotContentName).toBe(
      content.metadata.name,
    );
    expect(content.status.snapshotHandle).toEqual(expect.any(String));
    const [claim] = kept.items('persistentvolumeclaims');
    expect(claim.metadata.annotations?.['velero.io/volume-snapshot-name']).toBe(
      snapshot.metadata.name,
    );
  });

  it('9: the label of the location', () => {
    for (const { metadata } of all()) {
      expect(metadata.metadata.labels).toMatchObject({
        'velero.io/storage-location': 'default',
      });
    }
  });
});
