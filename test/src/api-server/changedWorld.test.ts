import { changedWorldStories } from '../engine/changedWorldStories';
import { startRestrictedCluster } from './startRestrictedCluster';

changedWorldStories('a real kube-apiserver', startRestrictedCluster);
