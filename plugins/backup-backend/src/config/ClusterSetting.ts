import type { ClusterConnection } from '@lifeboat/engine';

/** One cluster as configured: what people call it and how it is reached. */
export interface ClusterSetting {
  name: string;
  title?: string;
  connection: ClusterConnection;
}
