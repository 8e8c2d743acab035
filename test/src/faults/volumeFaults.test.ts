import { startVolumeCluster } from '../volumes/startVolumeCluster';
import { volumeFaultStories } from '../volumes/volumeFaultStories';

volumeFaultStories('the embedded cluster', startVolumeCluster);
