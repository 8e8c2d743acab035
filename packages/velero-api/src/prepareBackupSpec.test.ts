import { prepareBackupSpec } from './prepareBackupSpec';

describe('prepareBackupSpec', () => {
  it('fills the gaps as Velero does', () => {
    expect(prepareBackupSpec({})).toEqual({
      ttl: '720h0m0s',
      csiSnapshotTimeout: '10m0s',
      itemOperationTimeout: '4h0m0s',
      volumeGroupSnapshotLabelKey: 'velero.io/volume-group',
      snapshotMoveData: false,
      defaultVolumesToFsBackup: false,
      includedNamespaces: ['*'],
      excludedNamespaceScopedResources: [
        'volumesnapshots.snapshot.storage.k8s.io',
      ],
      excludedClusterScopedResources: [
        'volumesnapshotcontents.snapshot.storage.k8s.io',
      ],
    });
  });

  it('keeps what is there, and changes nothing the second time', () => {
    const once = prepareBackupSpec(
      {
        ttl: '1h',
        includedNamespaces: ['shop'],
        includedResources: ['pods'],
        snapshotMoveData: true,
      },
      { snapshotMoveData: false, ttl: 5000 },
    );
    expect(once).toMatchObject({
      ttl: '1h',
      includedNamespaces: ['shop'],
      includedResources: ['pods'],
      excludedResources: [
        'volumesnapshots.snapshot.storage.k8s.io',
        'volumesnapshotcontents.snapshot.storage.k8s.io',
      ],
      snapshotMoveData: true,
    });
    expect(prepareBackupSpec(once)).toEqual(once);
  });

  it('takes the settings of the server', () => {
    expect(
      prepareBackupSpec(
        { ttl: '0s' },
        { ttl: 3_600_000, defaultVolumesToFsBackup: true },
      ),
    ).toMatchObject({ ttl: '1h0m0s', defaultVolumesToFsBackup: true });
  });

  it('leaves a faulty duration for the validation to find', () => {
    expect(prepareBackupSpec({ ttl: 'soon' }).ttl).toBe('soon');
  });

  it('lets a star alone that leaves out everything', () => {
    expect(
      prepareBackupSpec({ excludedNamespaceScopedResources: ['*'] })
        .excludedNamespaceScopedResources,
    ).toEqual(['*']);
  });

  it('never turns a list into "everything" by emptying it', () => {
    const prepared = prepareBackupSpec({
      includedNamespaceScopedResources: [
        'volumesnapshots.snapshot.storage.k8s.io',
      ],
    });
    expect(prepared.includedNamespaceScopedResources).toHaveLength(1);
  });
});
