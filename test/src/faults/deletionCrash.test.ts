import { deletionCrashStories } from '../volumes/deletionCrashStories';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

deletionCrashStories('the embedded cluster', startVolumeCluster);
