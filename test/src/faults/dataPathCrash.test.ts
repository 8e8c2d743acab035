import { dataPathCrashStories } from '../volumes/dataPathCrashStories';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

dataPathCrashStories('the embedded cluster', startVolumeCluster);
