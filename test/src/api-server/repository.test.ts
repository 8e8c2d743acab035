import { deletionStories } from '../volumes/deletionStories';
import { keyStories } from '../volumes/keyStories';
import { repositoryStories } from '../volumes/repositoryStories';
import { volumeRuntimes } from '../volumes/startVolumeCluster';
import { startRestrictedCluster } from './startRestrictedCluster';

const start = () => startRestrictedCluster({ runtimes: volumeRuntimes() });

repositoryStories('a real kube-apiserver', start);
deletionStories('a real kube-apiserver', start);
keyStories('a real kube-apiserver', start);
