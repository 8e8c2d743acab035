import { restoreStories } from '../engine/restoreStories';
import { startRestrictedCluster } from './startRestrictedCluster';

restoreStories('a real kube-apiserver', startRestrictedCluster);
