import { restoreInPlaceStories } from './restoreInPlaceStories';
import { startVolumeCluster } from './startVolumeCluster';

restoreInPlaceStories('the embedded cluster', startVolumeCluster);
