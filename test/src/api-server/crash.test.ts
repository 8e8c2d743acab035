import { crashStories } from '../engine/crashStories';
import { startRestrictedCluster } from './startRestrictedCluster';

crashStories('a real kube-apiserver', startRestrictedCluster);
