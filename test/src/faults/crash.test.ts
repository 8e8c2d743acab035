import { startDevCluster } from '../cluster/startDevCluster';
import { crashStories } from '../engine/crashStories';

crashStories('the embedded cluster', () => startDevCluster());
