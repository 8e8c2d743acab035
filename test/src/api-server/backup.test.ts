import { backupStories } from '../engine/backupStories';
import { startRestrictedCluster } from './startRestrictedCluster';

backupStories('a real kube-apiserver', startRestrictedCluster);
