import { apiServerFaultStories } from '../volumes/apiServerFaultStories';

apiServerFaultStories();
