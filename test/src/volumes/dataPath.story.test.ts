import { dataPathStories } from './dataPathStories';
import { startVolumeCluster } from './startVolumeCluster';

dataPathStories('the embedded cluster', startVolumeCluster);
