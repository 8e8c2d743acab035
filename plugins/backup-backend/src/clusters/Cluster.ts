import type { ClusterClient } from '@lifeboat/engine';
import type { ControlResources } from './ControlResources';

/** One cluster that is served. */
export interface Cluster {
  name: string;
  title?: string;
  /** Its failures are fit for users. */
  client: ClusterClient;
  /** Runs work of the engine, which reads the API server's own answers, and names its failures like those of `client`. */
  withEngineClient<T>(work: (client: ClusterClient) => Promise<T>): Promise<T>;
  /** Backups, Restores, Schedules and what belongs to them. */
  control: ControlResources;
}
