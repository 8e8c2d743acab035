import { startDevCluster } from '../cluster/startDevCluster';
import { restoreStories } from './restoreStories';

restoreStories('the embedded cluster', () => startDevCluster());
