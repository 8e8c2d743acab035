import { lifeCycleStories } from './lifeCycleStories';
import { startVolumeCluster } from './startVolumeCluster';

lifeCycleStories('the embedded cluster', startVolumeCluster);
