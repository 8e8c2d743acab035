import { podVolumeCrashStories } from '../volumes/podVolumeCrashStories';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

podVolumeCrashStories('the embedded cluster', startVolumeCluster);
