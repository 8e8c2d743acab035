import { volumeBackupStories } from '../volumes/backupStories';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { startRestrictedCluster } from './startRestrictedCluster';

volumeBackupStories('a real kube-apiserver', () =>
  startRestrictedCluster({
    runtimes: volumeRuntimes(),
    fileSystemBackup: true,
  }),
);
