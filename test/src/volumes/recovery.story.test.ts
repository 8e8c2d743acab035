import { recoveryStories } from './recoveryStories';
import { startVolumeCluster } from './startVolumeCluster';

recoveryStories('the embedded cluster', startVolumeCluster);
