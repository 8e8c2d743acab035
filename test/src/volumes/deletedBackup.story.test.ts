import { deletedBackupStories } from './deletedBackupStories';
import { startVolumeCluster } from './startVolumeCluster';

deletedBackupStories('the embedded cluster', startVolumeCluster);
