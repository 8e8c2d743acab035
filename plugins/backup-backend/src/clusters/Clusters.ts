import type { ClusterChoice } from '@lifeboat/backstage-plugin-backup-common';
import type { ClusterClient, ClusterConnection } from '@lifeboat/engine';
import type { ClusterSetting } from '../config/ClusterSetting';
import { clusterUnknown } from '../problems/problems';
import { problemError } from '../problems/problemError';
import type { Cluster } from './Cluster';
import { ControlResources } from './ControlResources';
import { namedFailure, namedFailures } from './namedFailures';

/** Makes a client; nothing is sent before the client is used. */
export type ConnectCluster = (
  connection: ClusterConnection,
) => ClusterClient & { close(): void };

/** The clusters of the configuration, each with one client for all requests. */
export class Clusters {
  readonly #clusters: Map<string, Cluster>;
  readonly #connections: { close(): void }[] = [];

  constructor(
    settings: ClusterSetting[],
    options: { connect: ConnectCluster; controlNamespace: string },
  ) {
    this.#clusters = new Map(
      settings.map(({ name, title, connection }) => {
        const connected = options.connect(connection);
        this.#connections.push(connected);
        const client = namedFailures(name, connected);
        const forEngine = namedFailures(name, connected, {
          keepRefusals: true,
        });
        const control = new ControlResources(client, options.controlNamespace);
        return [
          name,
          {
            name,
            title,
            client,
            control,
            withEngineClient: async work => {
              try {
                return await work(forEngine);
              } catch (error) {
                throw namedFailure(name, error);
              }
            },
          },
        ];
      }),
    );
  }

  /** Ends all connections; the clients are of no use after it. */
  close(): void {
    for (const connection of this.#connections) {
      connection.close();
    }
  }

  all(): Cluster[] {
    return [...this.#clusters.values()];
  }

  choices(): ClusterChoice[] {
    return this.all().map(({ name, title }) => ({
      name,
      ...(title && { title }),
    }));
  }

  /** @throws the problem `cluster-unknown` */
  get(name: string): Cluster {
    const cluster = this.#clusters.get(name);
    if (!cluster) {
      throw problemError(clusterUnknown(name, this.choices()));
    }
    return cluster;
  }
}
