import { restoreInPlaceCrashStories } from '../volumes/restoreInPlaceCrashStories';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

restoreInPlaceCrashStories('the embedded cluster', startVolumeCluster);
