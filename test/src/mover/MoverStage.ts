import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import {
  coreTypes,
  createClusterClient,
  type ClusterClient,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import {
  moverArguments,
  openVolumeRepository,
  readMoverResult,
  type MoverCommand,
  type MoverResult,
  type MoverSettings,
  type MoverTask,
} from '@lifeboat/data-mover';
import {
  customResourceDefinitions,
  type BackupStorageLocation,
} from '@lifeboat/velero-api';
import {
  root,
  startProcess,
  type BackgroundProcess,
} from '../cluster/childProcess';
import { ensureNamespace } from '../cluster/ensureNamespace';
import { eventually } from '../cluster/eventually';
import type { RunningCluster } from '../cluster/RunningCluster';
import { readKubeconfig } from '../cluster/writeKubeconfig';

export const controlNamespace = 'openshift-adp';
export const repositoryPassword = 'a password of the stories';

const velero = (
  version: string,
  resource: string,
  kind: string,
): ResourceTypeRef & { apiVersion: string; kind: string } => ({
  group: 'velero.io',
  version,
  resource,
  namespaced: true,
  apiVersion: `velero.io/${version}`,
  kind,
});

/** The resources that a mover is started for. */
export const moverTypes = {
  DataUpload: velero('v2alpha1', 'datauploads', 'DataUpload'),
  DataDownload: velero('v2alpha1', 'datadownloads', 'DataDownload'),
  PodVolumeBackup: velero('v1', 'podvolumebackups', 'PodVolumeBackup'),
  PodVolumeRestore: velero('v1', 'podvolumerestores', 'PodVolumeRestore'),
  BackupRepository: velero('v1', 'backuprepositories', 'BackupRepository'),
  BackupStorageLocation: velero(
    'v1',
    'backupstoragelocations',
    'BackupStorageLocation',
  ),
};

/** How a mover ended. */
export interface EndedMover {
  exitCode: number | null;
  result: MoverResult | undefined;
  log: string;
}

/** A mover on its way. */
export interface RunningMover {
  process: BackgroundProcess;
  ended: Promise<EndedMover>;
}

/**
 * A cluster with a storage location, and what a mover's pod would have around it. The program runs from a copy of its
 * folder, so that nothing else of the work tree can help it.
 */
export class MoverStage {
  private movers = 0;

  private constructor(
    readonly cluster: RunningCluster & { pid?: number },
    readonly client: ClusterClient & { close(): void },
    readonly folder: string,
    readonly location: BackupStorageLocation,
    private readonly credentials: string | undefined,
    private readonly certificateAuthority: string | undefined,
  ) {}

  /**
   * @param storage - spec of the location, text of its credentials file and PEM of its CA; a folder by default
   */
  static async start(
    startCluster: () => Promise<RunningCluster & { pid?: number }>,
    storage?: {
      spec: BackupStorageLocation['spec'];
      credentials: string;
      certificateAuthority?: string;
    },
  ): Promise<MoverStage> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-mover-'));
    for (const name of ['storage', 'account', 'program'])
      mkdirSync(path.join(folder, name));
    const assets = path.join(root, 'packages/data-mover/assets');
    for (const name of readdirSync(assets))
      copyFileSync(path.join(assets, name), path.join(folder, 'program', name));
    writeFileSync(path.join(folder, 'password'), `${repositoryPassword}\n`);
    if (storage)
      writeFileSync(path.join(folder, 'credentials'), storage.credentials);
    if (storage?.certificateAuthority)
      writeFileSync(path.join(folder, 'ca.crt'), storage.certificateAuthority);
    const cluster = await startCluster();
    const client = createClusterClient({
      name: 'test',
      kubeconfig: cluster.kubeconfig,
    });
    const { certificateAuthority, token } = readKubeconfig(cluster.kubeconfig);
    writeFileSync(path.join(folder, 'account/ca.crt'), certificateAuthority);
    writeFileSync(path.join(folder, 'account/token'), token);
    await ensureNamespace(client, controlNamespace);
    for (const definition of customResourceDefinitions) {
      await client
        .create(
          coreTypes.customResourceDefinitions,
          definition as unknown as KubernetesObject,
          {},
        )
        .catch(error => {
          if (error.code !== 409) throw error;
        });
    }
    const location: BackupStorageLocation = {
      apiVersion: 'velero.io/v1',
      kind: 'BackupStorageLocation',
      metadata: { name: 'default', namespace: controlNamespace },
      spec: storage?.spec ?? {
        provider: 'lifeboat.dev/filesystem',
        config: { path: path.join(folder, 'storage') },
        objectStorage: { bucket: 'unused', prefix: 'velero' },
      },
    };
    const stage = new MoverStage(
      cluster,
      client,
      folder,
      location,
      storage?.credentials,
      storage?.certificateAuthority,
    );
    await eventually('the definitions are served', () =>
      client.create(
        moverTypes.BackupStorageLocation,
        location as unknown as KubernetesObject,
        {},
      ),
    );
    return stage;
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.cluster.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A new empty folder below the stage's own. */
  newFolder(name: string): string {
    const folder = path.join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Makes the repository, or opens it. */
  openRepository(volumeNamespace: string, password = repositoryPassword) {
    return openVolumeRepository({
      location: this.location,
      credentials: this.credentials,
      certificateAuthority: this.certificateAuthority,
      password,
      volumeNamespace,
      create: true,
    });
  }

  async create<T extends KubernetesObject>(
    type: (typeof moverTypes)[keyof typeof moverTypes],
    name: string,
    spec: object,
    metadata: object = {},
  ): Promise<T> {
    return this.client.create<T>(
      type,
      {
        apiVersion: type.apiVersion,
        kind: type.kind,
        metadata: { name, namespace: controlNamespace, ...metadata },
        spec,
        // The engine has a slot for it.
        ...(type.kind.startsWith('Backup')
          ? {}
          : { status: { phase: 'InProgress' } }),
      } as unknown as T,
      {},
    );
  }

  async get<T extends KubernetesObject>(
    type: ResourceTypeRef,
    name: string,
  ): Promise<T> {
    const found = await this.client.get<T>(type, {
      namespace: controlNamespace,
      name,
    });
    if (!found) throw new Error(`There is no ${name}`);
    return found;
  }

  /** Starts the program as the engine would in a pod. */
  startMover(
    task: MoverTask,
    options: {
      settings?: Partial<MoverSettings>;
      environment?: NodeJS.ProcessEnv;
      uid?: number;
      gid?: number;
      nodeFlags?: string[];
    } = {},
  ): RunningMover {
    const number = ++this.movers;
    const terminationLog = path.join(this.folder, `termination-${number}`);
    writeFileSync(terminationLog, '');
    // As the kubelet makes it: whatever the container's user is.
    chmodSync(terminationLog, 0o666);
    const command = {
      ...task,
      settings: {
        namespace: controlNamespace,
        passwordFile: path.join(this.folder, 'password'),
        ...(this.credentials && {
          credentialsFile: path.join(this.folder, 'credentials'),
        }),
        ...(this.certificateAuthority && {
          certificateAuthorityFile: path.join(this.folder, 'ca.crt'),
        }),
        serviceAccountDirectory: path.join(this.folder, 'account'),
        terminationLog,
        cacheDirectory: this.newFolder(`cache-${number}`),
        ...options.settings,
      },
    } as MoverCommand;
    const { hostname, port } = new URL(
      readKubeconfig(this.cluster.kubeconfig).server,
    );
    const mover = startProcess(
      process.execPath,
      [
        ...(options.nodeFlags ?? []),
        path.join(this.folder, 'program/data-mover.cjs'),
        ...moverArguments(command),
      ],
      {
        cwd: '/',
        env: {
          KUBERNETES_SERVICE_HOST: hostname,
          KUBERNETES_SERVICE_PORT: port,
          ...options.environment,
        },
        uid: options.uid,
        gid: options.gid,
      },
    );
    const ended = once(mover.child, 'close').then(([exitCode]) => ({
      exitCode: exitCode as number | null,
      result: readMoverResult(readFileSync(terminationLog, 'utf8')),
      log: mover.errors(),
    }));
    return { process: mover, ended };
  }

  runMover(
    task: MoverTask,
    options: Parameters<MoverStage['startMover']>[1] = {},
  ): Promise<EndedMover> {
    return this.startMover(task, options).ended;
  }
}
