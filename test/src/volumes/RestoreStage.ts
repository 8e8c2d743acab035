import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import type { Restore, RunResults } from '@lifeboat/velero-api';
import { appsTypes } from '../cluster/appsTypes';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace, type EngineStage } from '../engine/EngineStage';
import { DataPathStage, type Live } from './DataPathStage';
import { idleImage } from './startVolumeCluster';

/** Backups with volumes, and what stories about restoring them keep doing. */
export class RestoreStage {
  private constructor(readonly data: DataPathStage) {}

  static async start(
    start: () => Promise<RunningCluster>,
    config: { fileSystemBackup?: object; [setting: string]: unknown } = {},
  ): Promise<RestoreStage> {
    return new RestoreStage(await DataPathStage.start(start, config));
  }

  get stage(): EngineStage {
    return this.data.stage;
  }

  get client(): ClusterClient {
    return this.data.client;
  }

  stop(): Promise<void> {
    return this.data.stop();
  }

  /** A Deployment with one pod that mounts a claim at /data, the claim with one file. */
  async deploy(
    namespace: string,
    name: string,
    text: string,
    storageClass = 'folders',
  ): Promise<void> {
    const labels = { app: name };
    await eventually('the namespace has its account', async () =>
      this.data.get(coreTypes.serviceAccounts, namespace, 'default'),
    );
    await this.client.create<Live>(coreTypes.persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name, labels },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: storageClass,
      },
    });
    await this.client.create<Live>(appsTypes.deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'app',
                image: idleImage,
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [
              { name: 'data', persistentVolumeClaim: { claimName: name } },
            ],
          },
        },
      },
    });
    await this.write(namespace, name, text);
  }

  /** The running pod of a Deployment. */
  async pod(namespace: string, app: string, timeoutMs = 30_000): Promise<Live> {
    return eventually(
      `a pod of ${app} runs`,
      async () => {
        for await (const pod of this.client.list<Live>(coreTypes.pods, {
          namespace,
          labelSelector: `app=${app}`,
        })) {
          if (
            pod.status?.phase === 'Running' &&
            !pod.metadata.deletionTimestamp
          ) {
            return pod;
          }
        }
        return undefined;
      },
      timeoutMs,
    );
  }

  /** The folder that the pod of an application sees as its volume. */
  async folder(namespace: string, app: string): Promise<string> {
    const pod = await this.pod(namespace, app);
    return this.data.folderOf(namespace, pod.metadata.name ?? '', app);
  }

  async write(namespace: string, app: string, text: string): Promise<void> {
    writeFileSync(path.join(await this.folder(namespace, app), 'rows'), text);
  }

  /** What the application finds in its volume. */
  async read(namespace: string, app: string): Promise<string> {
    return readFileSync(
      path.join(await this.folder(namespace, app), 'rows'),
      'utf8',
    );
  }

  claim(namespace: string, name: string): Promise<Live | undefined> {
    return this.data.get(coreTypes.persistentVolumeClaims, namespace, name);
  }

  async volumeOf(namespace: string, claim: string): Promise<Live | undefined> {
    const found = await this.claim(namespace, claim);
    return this.client.get<Live>(coreTypes.persistentVolumes, {
      name: found?.spec.volumeName,
    });
  }

  results(restore: string): RunResults {
    return this.stage.readJson<RunResults>(
      'restores',
      restore,
      `restore-${restore}-results.gz`,
    );
  }

  restore(
    name: string,
    spec: Restore['spec'],
    metadata: Partial<Restore['metadata']> = {},
  ): Promise<Restore> {
    return this.stage.makeRestore(name, spec, metadata);
  }

  /** Deletes a namespace and waits until it and its volumes have gone. */
  async removeNamespace(name: string): Promise<void> {
    await this.client.delete(coreTypes.namespaces, { name });
    await eventually(
      `namespace ${name} has gone`,
      async () =>
        (await this.client.get<KubernetesObject>(coreTypes.namespaces, {
          name,
        })) === undefined,
      60_000,
    );
  }

  get controlNamespace(): string {
    return controlNamespace;
  }
}
