import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Entity } from '@backstage/catalog-model';
import type { JsonObject } from '@backstage/types';
import { BackupClient } from '@lifeboat/backstage-plugin-backup-common';
import {
  type ApiObject,
  type ClusterClient,
  coreTypes,
  createClusterClient,
  type ResourceTypeRef,
  veleroTypes,
} from '@lifeboat/engine';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { eventually } from '../../cluster/eventually';
import type { RunningCluster } from '../../cluster/RunningCluster';
import { startDevCluster } from '../../cluster/startDevCluster';

/** The user of the stories, a member of team-orders. */
export const developer = 'user:default/guest-developer';

/** Namespace of the control resources. */
export const controlNamespace = 'openshift-adp';

/** A component of a team in a namespace. */
export function componentIn(
  name: string,
  team: string,
  namespace: string,
  selector?: string,
): Entity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: {
      name,
      namespace: 'default',
      annotations: {
        'backstage.io/kubernetes-cluster': 'demo',
        'backstage.io/kubernetes-namespace': namespace,
        ...(selector && {
          'backstage.io/kubernetes-label-selector': selector,
        }),
      },
    },
    spec: { type: 'service', lifecycle: 'production', owner: team },
    relations: [{ type: 'ownedBy', targetRef: `group:default/${team}` }],
  };
}

/** A Backstage backend with the backup plugin in it. */
export interface PortalBackend {
  url: string;
  /** A token of the developer. */
  token: string;
  stop(): Promise<void>;
}

/** The backend plugin with its own engine process, on the embedded cluster, with a folder as storage. */
export class PortalStage {
  private constructor(
    readonly cluster: RunningCluster,
    readonly client: ClusterClient & { close(): void },
    readonly api: BackupClient,
    private readonly backend: PortalBackend,
    private readonly end: () => Promise<void>,
  ) {}

  /** @param startBackend - gets the configuration of section `backup` */
  static async start(
    startBackend: (backup: JsonObject) => Promise<PortalBackend>,
  ): Promise<PortalStage> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-portal-'));
    const storage = path.join(folder, 'storage');
    mkdirSync(storage);
    const cluster = await startDevCluster({ withoutNode: true });
    const client = createClusterClient({
      name: 'demo',
      kubeconfig: cluster.kubeconfig,
    });
    await client.create(coreTypes.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: controlNamespace },
    });
    const backend = await startBackend({
      engine: 'builtin',
      clusters: [{ name: 'demo', kubeconfig: cluster.kubeconfig }],
    });
    const stage = new PortalStage(
      cluster,
      client,
      new BackupClient({
        fetchApi: { fetch },
        discoveryApi: {
          getBaseUrl: async plugin => `${backend.url}/api/${plugin}`,
        },
      }),
      backend,
      async () => {
        client.close();
        await backend.stop();
        await cluster.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    );
    try {
      await stage.addStorage(storage);
    } catch (error) {
      await stage.stop();
      throw error;
    }
    return stage;
  }

  /** A token of the developer. */
  get token(): string {
    return this.backend.token;
  }

  /** Address of the backend. */
  get url(): string {
    return this.backend.url;
  }

  async stop(): Promise<void> {
    await this.end();
  }

  /** A namespace that consents to the entities. */
  async addNamespace(name: string, consent: unknown[]): Promise<void> {
    await this.client.create(coreTypes.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        annotations: { 'lifeboat.dev/entities': JSON.stringify(consent) },
      },
    });
  }

  async addConfigMap(
    namespace: string,
    name: string,
    labels: Record<string, string>,
    data: Record<string, string>,
  ): Promise<void> {
    await this.client.create(coreTypes.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name, labels },
      data,
    });
  }

  async names(type: ResourceTypeRef, namespace: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { metadata } of this.client.list<ApiObject>(type, {
      namespace,
    })) {
      names.push(metadata.name ?? '');
    }
    return names;
  }

  /** The engine of the portal installs the CRDs; then there can be a storage location. */
  private async addStorage(folder: string): Promise<void> {
    await eventually(
      'the storage location can be created',
      () =>
        this.client.create<BackupStorageLocation>(
          veleroTypes.backupStorageLocations,
          {
            apiVersion: 'velero.io/v1',
            kind: 'BackupStorageLocation',
            metadata: { name: 'default', namespace: controlNamespace },
            spec: {
              default: true,
              provider: 'lifeboat.dev/filesystem',
              objectStorage: { bucket: 'lifeboat' },
              config: { path: folder },
            },
          },
        ),
      60_000,
    );
    await eventually(
      'the storage location is available',
      async () =>
        (
          await this.client.get<BackupStorageLocation>(
            veleroTypes.backupStorageLocations,
            { namespace: controlNamespace, name: 'default' },
          )
        )?.status?.phase === 'Available',
      60_000,
    );
  }
}
