import { restoreUndoStories } from './restoreUndoStories';
import { startVolumeCluster } from './startVolumeCluster';

restoreUndoStories('the embedded cluster', startVolumeCluster);
