import { startDevCluster } from '../cluster/startDevCluster';
import { leaderStories } from '../engine/leaderStories';

leaderStories('the embedded cluster', () => startDevCluster());
