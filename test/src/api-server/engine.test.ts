import { engineStories } from '../engine/engineStories';
import { startRestrictedCluster } from './startRestrictedCluster';

engineStories('a real kube-apiserver', startRestrictedCluster);
