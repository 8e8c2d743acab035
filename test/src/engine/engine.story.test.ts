import { startDevCluster } from '../cluster/startDevCluster';
import { engineStories } from './engineStories';

engineStories('the embedded cluster', () => startDevCluster());
