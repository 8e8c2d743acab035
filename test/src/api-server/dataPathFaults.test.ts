import { dataPathFaultStories } from '../volumes/dataPathFaultStories';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { startRestrictedCluster } from './startRestrictedCluster';

dataPathFaultStories('a real kube-apiserver', () =>
  startRestrictedCluster({ runtimes: volumeRuntimes() }),
);
