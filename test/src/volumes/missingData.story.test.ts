import { missingDataStories } from './missingDataStories';
import { startVolumeCluster } from './startVolumeCluster';

missingDataStories('the embedded cluster', startVolumeCluster);
