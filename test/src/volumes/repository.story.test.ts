import { startClusterWithMovers } from './RepositoryStage';
import { repositoryStories } from './repositoryStories';

repositoryStories('the embedded cluster', startClusterWithMovers);
