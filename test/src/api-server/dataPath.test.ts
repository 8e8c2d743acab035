import { dataPathStories } from '../volumes/dataPathStories';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { startRestrictedCluster } from './startRestrictedCluster';

dataPathStories('a real kube-apiserver', () =>
  startRestrictedCluster({
    runtimes: volumeRuntimes(),
    fileSystemBackup: true,
  }),
);
