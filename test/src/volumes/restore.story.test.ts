import { volumeRestoreStories } from './restoreStories';
import { startVolumeCluster } from './startVolumeCluster';

volumeRestoreStories('the embedded cluster', startVolumeCluster);
