import type { ClusterClient } from '@lifeboat/engine';
import type { ControlResources } from './ControlResources';

/** One cluster that is served. */
export interface Cluster {
  name: string;
  title?: string;
  client: ClusterClient;
  /** Backups, Restores, Schedules and what belongs to them. */
  control: ControlResources;
}
