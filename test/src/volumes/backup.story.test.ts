import { volumeBackupStories } from './backupStories';
import { startVolumeCluster } from './startVolumeCluster';

volumeBackupStories('the embedded cluster', startVolumeCluster);
