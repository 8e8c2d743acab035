import { restoreInPlaceStories } from '../volumes/restoreInPlaceStories';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { startRestrictedCluster } from './startRestrictedCluster';

restoreInPlaceStories('a real kube-apiserver', () =>
  startRestrictedCluster({
    runtimes: volumeRuntimes(),
    fileSystemBackup: true,
  }),
);
