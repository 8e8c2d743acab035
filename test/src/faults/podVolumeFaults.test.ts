import { podVolumeFaultStories } from '../volumes/podVolumeFaultStories';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

podVolumeFaultStories('the embedded cluster', startVolumeCluster);
