import { dataPathFaultStories } from './dataPathFaultStories';
import { startVolumeCluster } from './startVolumeCluster';

dataPathFaultStories('the embedded cluster', startVolumeCluster);
