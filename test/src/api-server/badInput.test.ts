import { badInputStories } from '../engine/badInputStories';
import { startRestrictedCluster } from './startRestrictedCluster';

badInputStories('a real kube-apiserver', startRestrictedCluster);
