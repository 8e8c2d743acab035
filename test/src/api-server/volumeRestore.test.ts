import { volumeRestoreStories } from '../volumes/restoreStories';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { startRestrictedCluster } from './startRestrictedCluster';

volumeRestoreStories('a real kube-apiserver', () =>
  startRestrictedCluster({
    runtimes: volumeRuntimes(),
    fileSystemBackup: true,
  }),
);
