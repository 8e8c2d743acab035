import { deletionStories } from './deletionStories';
import { startClusterWithMovers } from './RepositoryStage';

deletionStories('the embedded cluster', startClusterWithMovers);
