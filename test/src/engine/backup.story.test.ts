import { startDevCluster } from '../cluster/startDevCluster';
import { backupStories } from './backupStories';

backupStories('the embedded cluster', () => startDevCluster());
