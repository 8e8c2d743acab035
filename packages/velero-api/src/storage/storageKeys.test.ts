import { invalidTopLevelDirectories, storageKeys } from './storageKeys';

describe('storageKeys', () => {
  it('adds a slash to a prefix', () => {
    expect(storageKeys('velero').prefix).toBe('velero/');
    expect(storageKeys('velero/').prefix).toBe('velero/');
    expect(storageKeys('a/b').backupsDirectory).toBe('a/b/backups/');
  });

  it('begins at the root of the bucket without a prefix', () => {
    expect(storageKeys('').backup('b').metadata).toBe(
      'backups/b/velero-backup.json',
    );
    expect(storageKeys(undefined).restoresDirectory).toBe('restores/');
  });

  it('names the files of a backup', () => {
    expect(storageKeys('p').backup('b1')).toEqual({
      directory: 'p/backups/b1/',
      metadata: 'p/backups/b1/velero-backup.json',
      contents: 'p/backups/b1/b1.tar.gz',
      logs: 'p/backups/b1/b1-logs.gz',
      podVolumeBackups: 'p/backups/b1/b1-podvolumebackups.json.gz',
      volumeSnapshots: 'p/backups/b1/b1-volumesnapshots.json.gz',
      itemOperations: 'p/backups/b1/b1-itemoperations.json.gz',
      resourceList: 'p/backups/b1/b1-resource-list.json.gz',
      results: 'p/backups/b1/b1-results.gz',
      volumeInfo: 'p/backups/b1/b1-volumeinfo.json.gz',
      csiVolumeSnapshots: 'p/backups/b1/b1-csi-volumesnapshots.json.gz',
      csiVolumeSnapshotContents:
        'p/backups/b1/b1-csi-volumesnapshotcontents.json.gz',
      csiVolumeSnapshotClasses:
        'p/backups/b1/b1-csi-volumesnapshotclasses.json.gz',
      lifeboatRecord: 'p/backups/b1/b1-lifeboat-record.json.gz',
    });
  });

  it('names the files of a restore, the volume info without "restore-"', () => {
    expect(storageKeys('p').restore('r1')).toEqual({
      directory: 'p/restores/r1/',
      logs: 'p/restores/r1/restore-r1-logs.gz',
      results: 'p/restores/r1/restore-r1-results.gz',
      resourceList: 'p/restores/r1/restore-r1-resource-list.json.gz',
      itemOperations: 'p/restores/r1/restore-r1-itemoperations.json.gz',
      volumeInfo: 'p/restores/r1/r1-volumeinfo.json.gz',
    });
  });

  it('keeps what is our own where Velero leaves it alone', () => {
    const keys = storageKeys('p');
    expect(keys.lifeboatMetadata('owner.json')).toBe(
      'p/metadata/lifeboat/owner.json',
    );
    expect(
      keys.topLevelDirectories.some(directory =>
        keys.lifeboatMetadata('x').startsWith(directory),
      ),
    ).toBe(true);
  });

  it('finds directories that Velero would not accept', () => {
    expect(
      invalidTopLevelDirectories('p', [
        'p/backups/',
        'p/kopia/',
        'p/photos/',
        'p/lifeboat/',
      ]),
    ).toEqual(['p/photos/', 'p/lifeboat/']);
    expect(invalidTopLevelDirectories('', ['backups/', 'restic/'])).toEqual([]);
  });
});
