import { startDevCluster } from '../cluster/startDevCluster';
import { badInputStories } from './badInputStories';

badInputStories('the embedded cluster', () => startDevCluster());
