import { lifeCycleStories } from '../volumes/lifeCycleStories';
import { recoveryStories } from '../volumes/recoveryStories';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { startRestrictedCluster } from './startRestrictedCluster';

const start = () => startRestrictedCluster({ runtimes: volumeRuntimes() });

lifeCycleStories('a real kube-apiserver', start);
recoveryStories('a real kube-apiserver', start);
