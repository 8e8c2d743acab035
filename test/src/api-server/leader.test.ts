import { startKubeApiServer } from '../cluster/startKubeApiServer';
import { leaderStories } from '../engine/leaderStories';

leaderStories('a real kube-apiserver', startKubeApiServer);
