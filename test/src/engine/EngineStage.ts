import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  coreTypes,
  createClusterClient,
  parseJson,
  veleroTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  isTerminalBackupPhase,
  isTerminalRestorePhase,
  type Backup,
  type BackupStorageLocation,
  type Restore,
} from '@lifeboat/velero-api';
import { describeStandstill } from '../cluster/describeStandstill';
import { ensureNamespace } from '../cluster/ensureNamespace';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startEngine, type RunningEngine } from '../cluster/startEngine';

/** The control namespace of the stories. */
export const controlNamespace = 'openshift-adp';

/** A cluster with an engine, a folder as its storage, and what stories about backups and restores keep doing. */
export class EngineStage {
  private constructor(
    readonly cluster: RunningCluster,
    readonly client: ClusterClient & { close(): void },
    readonly folder: string,
    private running: RunningEngine,
    private readonly config: Record<string, unknown>,
  ) {}

  get engine(): RunningEngine {
    return this.running;
  }

  /** Starts everything and waits until the storage location is available. */
  static async start(
    startCluster: () => Promise<RunningCluster>,
    config: Record<string, unknown> = {},
  ): Promise<EngineStage> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-stage-'));
    mkdirSync(path.join(folder, 'storage'));
    const cluster = await startCluster();
    const client = createClusterClient({
      name: 'test',
      kubeconfig: cluster.kubeconfig,
    });
    const engineConfig = {
      clusters: [
        {
          name: 'test',
          kubeconfig: cluster.engineKubeconfig ?? cluster.kubeconfig,
        },
      ],
      ...config,
    };
    const stage = new EngineStage(
      cluster,
      client,
      folder,
      startEngine(engineConfig),
      engineConfig,
    );
    await ensureNamespace(client, controlNamespace);
    await stage.engine.untilState('leading', 'test', 60_000);
    await stage.createLocation('default', stage.storage());
    return stage;
  }

  async stop(): Promise<void> {
    await this.running.stop();
    this.client.close();
    await this.cluster.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Starts the engine again after it has ended. The Lease that a killed one still holds is taken away, so that nobody has to wait
   * for its end.
   *
   * @param environment - variables for this start only
   * @param change - of the configuration, for this start and later ones
   */
  async restartEngine(
    environment: { [name: string]: string } = {},
    change: Record<string, unknown> = {},
  ): Promise<void> {
    await this.running.stop();
    Object.assign(this.config, change);
    await this.client.delete(coreTypes.leases, {
      namespace: controlNamespace,
      name: 'lifeboat-engine',
    });
    this.running = startEngine(
      this.config as { clusters: object[] } & Record<string, unknown>,
      environment,
    );
    await this.running.untilState('leading', 'test', 60_000);
  }

  /** Whether the engine's process is there. */
  isEngineAlive(): boolean {
    try {
      process.kill(this.running.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  storage(...segments: string[]): string {
    return path.join(this.folder, 'storage', ...segments);
  }

  /** Names of the files of a backup or restore, half-written ones among them; empty when there is no folder. */
  files(...segments: string[]): string[] {
    try {
      return readdirSync(this.storage(...segments)).sort();
    } catch {
      return [];
    }
  }

  /** Half-written files anywhere in the storage. */
  unfinishedFiles(): string[] {
    return readdirSync(this.storage(), { recursive: true, encoding: 'utf8' })
      .filter(name => name.includes('.lifeboat-partial-'))
      .sort();
  }

  readJson<T>(...segments: string[]): T {
    const bytes = readFileSync(this.storage(...segments));
    const text = segments.at(-1)?.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    return parseJson<T>(text.toString('utf8'));
  }

  /** Makes a namespace in which the engine may work. */
  async createNamespace(
    name: string,
    metadata: Partial<KubernetesObject['metadata']> = {},
  ): Promise<KubernetesObject> {
    const created = await this.client.create<KubernetesObject>(
      coreTypes.namespaces,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } },
    );
    await this.cluster.serve?.(name);
    return created;
  }

  async createLocation(
    name: string,
    folder: string,
    spec: Partial<BackupStorageLocation['spec']> = {},
  ): Promise<void> {
    await this.client.create<BackupStorageLocation>(
      veleroTypes.backupStorageLocations,
      {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { namespace: controlNamespace, name },
        spec: {
          provider: 'lifeboat.dev/filesystem',
          config: { path: folder },
          objectStorage: { bucket: 'folder' },
          ...(name === 'default' && { default: true }),
          ...spec,
        },
      },
    );
    await eventually(`location ${name} is validated`, async () => {
      const found = await this.client.get<BackupStorageLocation>(
        veleroTypes.backupStorageLocations,
        { namespace: controlNamespace, name },
      );
      return found?.status?.phase !== undefined;
    });
  }

  async createBackup(
    name: string,
    spec: Backup['spec'],
    metadata: Partial<Backup['metadata']> = {},
  ): Promise<Backup> {
    return this.client.create<Backup>(veleroTypes.backups, {
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata: { ...metadata, namespace: controlNamespace, name },
      spec,
    });
  }

  async getBackup(name: string): Promise<Backup | undefined> {
    return this.client.get<Backup>(veleroTypes.backups, {
      namespace: controlNamespace,
      name,
    });
  }

  /** Waits for the end of a backup. */
  async backupEnd(name: string, timeoutMs = 30_000): Promise<Backup> {
    return this.untilEnd(
      `backup ${name} ends`,
      async () => {
        const backup = await this.getBackup(name);
        return isTerminalBackupPhase(backup?.status?.phase) && backup;
      },
      timeoutMs,
    );
  }

  async makeBackup(
    name: string,
    spec: Backup['spec'],
    metadata: Partial<Backup['metadata']> = {},
  ): Promise<Backup> {
    await this.createBackup(name, spec, metadata);
    return this.backupEnd(name);
  }

  /** Makes a backup that later steps build on. @throws Error when it is not Completed */
  async prepareBackup(
    name: string,
    spec: Backup['spec'],
    metadata: Partial<Backup['metadata']> = {},
  ): Promise<void> {
    const backup = await this.makeBackup(name, spec, metadata);
    if (backup.status?.phase !== 'Completed') {
      throw new Error(
        `Backup ${name} is not Completed: ${JSON.stringify(backup.status)}`,
      );
    }
  }

  async createRestore(
    name: string,
    spec: Restore['spec'],
    metadata: Partial<Restore['metadata']> = {},
  ): Promise<Restore> {
    return this.client.create<Restore>(veleroTypes.restores, {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata: { ...metadata, namespace: controlNamespace, name },
      spec,
    });
  }

  async getRestore(name: string): Promise<Restore | undefined> {
    return this.client.get<Restore>(veleroTypes.restores, {
      namespace: controlNamespace,
      name,
    });
  }

  /** Waits for the end of a restore. */
  async restoreEnd(name: string, timeoutMs = 60_000): Promise<Restore> {
    return this.untilEnd(
      `restore ${name} ends`,
      async () => {
        const restore = await this.getRestore(name);
        return isTerminalRestorePhase(restore?.status?.phase) && restore;
      },
      timeoutMs,
    );
  }

  /** Waits, and says what was going on when time is up. */
  async untilEnd<T>(...wait: Parameters<typeof eventually<T>>): Promise<T> {
    try {
      return await eventually(...wait);
    } catch (error) {
      throw new Error(
        `${error}\n${await describeStandstill(
          this.client,
          this.running.log(),
        )}`,
      );
    }
  }

  async makeRestore(
    name: string,
    spec: Restore['spec'],
    metadata: Partial<Restore['metadata']> = {},
  ): Promise<Restore> {
    await this.createRestore(name, spec, metadata);
    return this.restoreEnd(name);
  }
}
