import { keyStories } from './keyStories';
import { startClusterWithMovers } from './RepositoryStage';

keyStories('the embedded cluster', startClusterWithMovers);
