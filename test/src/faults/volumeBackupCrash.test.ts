import { volumeBackupCrashStories } from '../volumes/backupCrashStories';
import { startVolumeCluster } from '../volumes/startVolumeCluster';

volumeBackupCrashStories('the embedded cluster', startVolumeCluster);
