import { startDevCluster } from '../cluster/startDevCluster';
import { changedWorldStories } from './changedWorldStories';

changedWorldStories('the embedded cluster', startDevCluster);
