import { startKubeApiServer } from '../cluster/startKubeApiServer';
import { engineStories } from '../engine/engineStories';

engineStories('a real kube-apiserver', startKubeApiServer);
