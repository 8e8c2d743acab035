import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  coreTypes,
  createClusterClient,
  isForbidden,
  isNotFound,
  openBackupStore,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import {
  isTerminalBackupPhase,
  isTerminalRestorePhase,
  type Backup,
  type BackupRepository,
  type BackupStorageLocation,
  type Restore,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import { startEngine, type RunningEngine } from '../cluster/startEngine';
import { createAll } from '../engine/application';
import { ApiConnection } from './ApiConnection';
import { engineToken, whoIs, type Identity } from './identity';
import type { ClusterTestSettings } from '../cluster/readClusterTestSettings';
import { preflight } from './preflight';
import { readReports, type StoreReport } from './storeApplication';

const roleBindings: ResourceTypeRef = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource: 'rolebindings',
  namespaced: true,
};

const statefulSets: ResourceTypeRef = {
  group: 'apps',
  version: 'v1',
  resource: 'statefulsets',
  namespaced: true,
};

type EngineSettings = { [section: string]: unknown };

/**
 * A cluster that exists, with an engine of this machine that signs in as the ServiceAccount of deploy/, a storage location, and
 * what the stories keep doing. The test itself uses the kubeconfig that it was given.
 */
export class RealClusterStage {
  readonly id = `lifeboat-test-${Date.now().toString(36)}`;
  /** What took how long, in seconds. */
  readonly timings: { what: string; seconds: number; limit?: number }[] = [];
  /** Things that the rights of the test did not suffice to remove. */
  readonly leftBehind: string[] = [];
  /** What a reader of the results should know. */
  readonly notes: string[] = [];
  readonly namespaces: string[] = [];
  /** What was there before the stories, as `leftovers` names it. */
  presentBefore: ReadonlySet<string> = new Set();
  /** Volumes that a restore in place has replaced and keeps. */
  readonly oldVolumes: string[] = [];
  private readonly folder = mkdtempSync(
    path.join(os.tmpdir(), 'lifeboat-cluster-'),
  );
  private running: RunningEngine | undefined;

  private constructor(
    readonly settings: ClusterTestSettings,
    readonly identity: Identity,
    readonly client: ClusterClient & { close(): void },
    private readonly connection: ApiConnection,
  ) {}

  /** Signs in, starts the engine, and waits until the storage location is available. */
  static async start(settings: ClusterTestSettings): Promise<RealClusterStage> {
    const connection = new ApiConnection(settings.kubeconfig);
    const stage = new RealClusterStage(
      settings,
      await whoIs(connection, settings.controlNamespace),
      createClusterClient({ name: 'test', kubeconfig: settings.kubeconfig }),
      connection,
    );
    try {
      await preflight({
        client: stage.client,
        connection,
        settings,
        name: stage.id,
      });
    } catch (error) {
      stage.client.close();
      throw error;
    }
    try {
      await stage.startEngine();
      await stage.createLocation();
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  get engine(): RunningEngine {
    if (!this.running) throw new Error('no engine runs');
    return this.running;
  }

  get control(): string {
    return this.settings.controlNamespace;
  }

  /** Where this run keeps its backups: below the given prefix, so that runs do not meet. */
  get prefix(): string {
    const { prefix } = this.settings.storage;
    return prefix ? `${prefix}/${this.id}` : this.id;
  }

  /** Starts the engine, or starts it anew with other settings. Waits until it works. */
  async startEngine(more: EngineSettings = {}): Promise<void> {
    await this.stopEngine();
    const kubeconfig = path.join(this.folder, 'engine-kubeconfig');
    if (this.identity === 'administrator') {
      const token = await engineToken(this.connection, this.control);
      this.connection.writeKubeconfig(kubeconfig, token);
    }
    this.running = startEngine({
      namespace: this.control,
      clusters: [
        {
          name: 'test',
          kubeconfig:
            this.identity === 'engine' ? this.settings.kubeconfig : kubeconfig,
        },
      ],
      dataMover: {
        image: this.settings.moverImage,
        imagePullPolicy: 'IfNotPresent',
      },
      ...more,
    });
    try {
      await this.running.untilState('leading', 'test', 60_000);
    } catch (error) {
      throw new Error(
        `${error}\nIs another engine at work? Its Deployment is to be scaled to 0 for these stories.\n${this.running
          .log()
          .slice(-3000)}`,
      );
    }
  }

  private async stopEngine(): Promise<void> {
    const running = this.running;
    this.running = undefined;
    if (!running) return;
    if (process.env.LIFEBOAT_ENGINE_LOG) {
      appendFileSync(process.env.LIFEBOAT_ENGINE_LOG, running.log());
    }
    await running.stop();
  }

  /** Kills the engine, as a crash would. */
  async killEngine(): Promise<void> {
    this.engine.signal('SIGKILL');
    await eventually('the engine is gone', () => {
      try {
        process.kill(this.engine.pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  }

  private async createLocation(): Promise<void> {
    const { storage } = this.settings;
    // Its Secret goes with it: the engine's account may not delete Secrets.
    const owner = await this.client.create<KubernetesObject>(
      coreTypes.configMaps,
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: this.control, name: this.id },
      },
    );
    await this.client.create<KubernetesObject>(coreTypes.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        namespace: this.control,
        name: this.id,
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name: this.id,
            uid: owner.metadata.uid ?? '',
          },
        ],
      },
      stringData: {
        cloud: `[default]\naws_access_key_id=${storage.accessKey}\naws_secret_access_key=${storage.secretKey}\n`,
      },
    });
    await this.client.create<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { namespace: this.control, name: this.id },
        spec: {
          provider: 'aws',
          objectStorage: {
            bucket: storage.bucket,
            prefix: this.prefix,
            ...(storage.caFile && {
              caCert: readFileSync(storage.caFile).toString('base64'),
            }),
          },
          credential: { name: this.id, key: 'cloud' },
          config: {
            region: storage.region,
            ...(storage.endpoint && {
              s3Url: storage.endpoint,
              s3ForcePathStyle: 'true',
              checksumAlgorithm: '',
            }),
          },
        },
      },
    );
    const { phase, message } = await eventually(
      `the engine has looked at storage location ${this.id}`,
      async () => {
        const found = await this.client.get<BackupStorageLocation>(
          veleroTypes.backupStorageLocations,
          { namespace: this.control, name: this.id },
        );
        return found?.status?.phase && found.status;
      },
      120_000,
    );
    if (phase !== 'Available') {
      throw new Error(
        `The stories cannot begin:\n  - --storage: ${message ?? phase}`,
      );
    }
  }

  /** Makes a namespace in which the engine may work, with hooks: what deploy/README.md tells the platform team. */
  async createNamespace(suffix: string): Promise<string> {
    const name = `${this.id}-${suffix}`;
    await this.client.create<KubernetesObject>(coreTypes.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        labels: {
          'lifeboat.dev/served': 'true',
          'lifeboat.dev/hooks': 'enabled',
        },
      },
    });
    this.namespaces.push(name);
    await this.client.create<KubernetesObject>(roleBindings, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace: name, name: 'lifeboat-engine' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'lifeboat-tenant',
      },
      subjects: [
        {
          kind: 'ServiceAccount',
          namespace: this.control,
          name: 'lifeboat-engine',
        },
      ],
    });
    await eventually(`namespace ${name} can be used`, async () =>
      this.client.get(coreTypes.serviceAccounts, {
        namespace: name,
        name: 'default',
      }),
    );
    return name;
  }

  /** The name of a namespace that a restore is to make; it is removed at the end like the others. */
  newNamespace(suffix: string): string {
    const name = `${this.id}-${suffix}`;
    this.namespaces.push(name);
    return name;
  }

  async install(objects: KubernetesObject[], namespace: string): Promise<void> {
    await eventually(`${namespace} takes objects`, async () => {
      try {
        await createAll(this.client, objects, namespace);
        return true;
      } catch (error) {
        if (isForbidden(error)) return false;
        throw error;
      }
    });
  }

  /** What the application in a namespace has said since its pod started. */
  async reports(namespace: string): Promise<StoreReport[]> {
    const log = await this.connection.request(
      'GET',
      `/api/v1/namespaces/${namespace}/pods/store-0/log`,
    );
    return readReports(log);
  }

  /** Waits until the application has started and said what it found. */
  async found(namespace: string, timeoutMs = 60_000): Promise<StoreReport> {
    return eventually(
      `the application in ${namespace} starts`,
      async () => (await this.reports(namespace))[0],
      timeoutMs,
    );
  }

  async createBackup(name: string, spec: Backup['spec']): Promise<Backup> {
    return this.client.create<Backup>(veleroTypes.backups, {
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata: { namespace: this.control, name: `${this.id}-${name}` },
      spec: { storageLocation: this.id, ...spec },
    });
  }

  async backup(name: string): Promise<Backup | undefined> {
    return this.client.get<Backup>(veleroTypes.backups, {
      namespace: this.control,
      name: `${this.id}-${name}`,
    });
  }

  async backupEnd(name: string, timeoutMs = 120_000): Promise<Backup> {
    return eventually(
      `backup ${name} ends`,
      async () => {
        const backup = await this.backup(name);
        return isTerminalBackupPhase(backup?.status?.phase) && backup;
      },
      timeoutMs,
    );
  }

  /** Makes a backup, waits for its end and notes how long it took. */
  async makeBackup(
    name: string,
    spec: Backup['spec'],
    limit?: number,
  ): Promise<Backup> {
    const started = performance.now();
    await this.createBackup(name, spec);
    const backup = await this.backupEnd(name);
    this.note(`backup ${name}`, started, limit);
    return backup;
  }

  /** Makes a restore, waits for its end and notes how long it took. */
  async makeRestore(
    name: string,
    spec: Restore['spec'],
    limit?: number,
    metadata: Partial<Restore['metadata']> = {},
  ): Promise<Restore> {
    const started = performance.now();
    await this.client.create<Restore>(veleroTypes.restores, {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata: {
        ...metadata,
        namespace: this.control,
        name: `${this.id}-${name}`,
      },
      spec: { ...spec, backupName: `${this.id}-${spec.backupName}` },
    });
    const restore = await eventually(
      `restore ${name} ends`,
      async () => {
        const found = await this.client.get<Restore>(veleroTypes.restores, {
          namespace: this.control,
          name: `${this.id}-${name}`,
        });
        return isTerminalRestorePhase(found?.status?.phase) && found;
      },
      180_000,
    );
    this.note(`restore ${name}`, started, limit);
    return restore;
  }

  /** What a backup's or restore's log says when it is not Completed; for the messages of failed stories. */
  async whyNot(run: Backup | Restore): Promise<string | undefined> {
    if (run.status?.phase === 'Completed') return undefined;
    const name = run.metadata.name ?? '';
    const location = await this.client.get<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      { namespace: this.control, name: this.id },
    );
    const store =
      location &&
      (await openBackupStore(location, {
        client: this.client,
        namespace: this.control,
      }));
    const log =
      run.kind === 'Backup'
        ? await store?.readBackupLog(name)
        : await store?.readRestoreLog(name);
    const lines = log?.text.split('\n') ?? [];
    return `${run.kind} ${name}: ${JSON.stringify(run.status)}\n${lines
      .filter(line => /level=(error|warning)|"level":"(error|warn)/.test(line))
      .join('\n')}`;
  }

  private note(what: string, started: number, limit?: number): void {
    const seconds = (performance.now() - started) / 1000;
    this.timings.push({ what, seconds, limit });
  }

  /** Objects of a type in a namespace (or in the cluster), oldest first. */
  async all<T extends KubernetesObject>(
    type: ResourceTypeRef,
    namespace?: string,
  ): Promise<T[]> {
    const found: T[] = [];
    for await (const object of this.client.list<T>(type, { namespace })) {
      found.push(object);
    }
    return found;
  }

  async deleteNamespace(name: string): Promise<void> {
    await this.client.delete(coreTypes.namespaces, { name });
    await eventually(
      `namespace ${name} is gone`,
      async () => !(await this.client.get(coreTypes.namespaces, { name })),
      120_000,
    );
  }

  /** Ends the engine and removes what was made, as far as the rights go. */
  async stop(): Promise<void> {
    if (!this.settings.keep) {
      await this.remove(veleroTypes.backupStorageLocations, this.id);
      for (const { metadata, spec } of await this.all<BackupRepository>(
        veleroTypes.backupRepositories,
        this.control,
      )) {
        if (spec.backupStorageLocation === this.id) {
          await this.remove(
            veleroTypes.backupRepositories,
            metadata.name ?? '',
          );
        }
      }
      await this.remove(coreTypes.configMaps, this.id);
      for (const name of this.namespaces) {
        if (this.identity === 'engine') await this.empty(name);
        await this.remove(coreTypes.namespaces, name);
      }
      for (const name of this.oldVolumes) await this.removeVolume(name);
    }
    await this.stopEngine();
    this.client.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ends the application of a namespace that will stay, and gives its volumes back. */
  private async empty(namespace: string): Promise<void> {
    try {
      await this.client.patch(
        statefulSets,
        { namespace, name: 'store' },
        { contentType: 'merge', body: { spec: { replicas: 0 } } },
      );
      for (const name of ['data-store-0', 'index-store-0']) {
        await this.client.delete(coreTypes.persistentVolumeClaims, {
          namespace,
          name,
        });
      }
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) throw error;
    }
  }

  /** Removes a volume that is kept, and its data in the storage. */
  private async removeVolume(name: string): Promise<void> {
    await this.client
      .patch(
        coreTypes.persistentVolumes,
        { name },
        {
          contentType: 'merge',
          body: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
        },
      )
      .catch(() => this.leftBehind.push(`persistentvolumes ${name}`));
  }

  private async remove(type: ResourceTypeRef, name: string): Promise<void> {
    const namespace = type.namespaced ? this.control : undefined;
    try {
      await this.client.delete(type, { namespace, name });
    } catch (error) {
      if (isNotFound(error)) return;
      this.leftBehind.push(
        `${type.resource} ${name}${namespace ? ` -n ${namespace}` : ''}`,
      );
    }
  }
}
