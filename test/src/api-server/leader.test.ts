import { leaderStories } from '../engine/leaderStories';
import { startRestrictedCluster } from './startRestrictedCluster';

leaderStories('a real kube-apiserver', startRestrictedCluster);
