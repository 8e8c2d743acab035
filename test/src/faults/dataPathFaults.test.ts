import { dataPathFaultStories } from '../volumes/dataPathFaultStories';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

dataPathFaultStories('the embedded cluster', startVolumeCluster);
