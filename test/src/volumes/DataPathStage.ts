import { mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  createClusterClient,
  snapshotTypes,
  veleroTypes,
  type KubernetesObject,
} from '@lifeboat/engine';
import {
  isTerminalDataPathPhase,
  type DataDownload,
  type DataUpload,
  type PodVolumeBackup,
  type PodVolumeRestore,
} from '@lifeboat/velero-api';
import { eventually } from '../cluster/eventually';
import {
  findLeaks,
  takeBaseline,
  type ClusterBaseline,
} from '../cluster/leakCheck';
import type { RunningCluster } from '../cluster/RunningCluster';
import { controlNamespace, EngineStage } from '../engine/EngineStage';
import { applyMoverAccount } from './applyMoverAccount';
import { moverImage, RepositoryStage } from './RepositoryStage';
import { idleImage } from './startVolumeCluster';
import { setFaults } from './setFaults';

/** What of a Pod, claim, volume or snapshot the stories look at. */
export interface Live extends KubernetesObject {
  spec: { [field: string]: any };
  status?: { [field: string]: any };
}

const types = {
  DataUpload: veleroTypes.dataUploads,
  DataDownload: veleroTypes.dataDownloads,
  PodVolumeBackup: veleroTypes.podVolumeBackups,
  PodVolumeRestore: veleroTypes.podVolumeRestores,
} as const;

type DataPath = DataUpload | DataDownload | PodVolumeBackup | PodVolumeRestore;

/** Label of the snapshots that a backup makes. */
const backupLabel = { 'velero.io/backup-name': 'story' };

/** A cluster with an engine and movers, an application with a volume, and what stories about moving data keep doing. */
export class DataPathStage {
  /** Namespaces of applications. */
  private readonly namespaces = new Set<string>();

  private constructor(
    readonly stage: EngineStage,
    readonly repositories: RepositoryStage,
    private readonly baseline: ClusterBaseline,
  ) {}

  static async start(
    start: () => Promise<RunningCluster>,
    config: { fileSystemBackup?: object; [setting: string]: unknown } = {},
  ): Promise<DataPathStage> {
    const cluster = await start();
    const repositories = await RepositoryStage.start(async () => cluster, {
      ...config,
      ...(config.fileSystemBackup
        ? {
            fileSystemBackup: {
              hostPodsPath: await podsPathOf(cluster),
              ...config.fileSystemBackup,
            },
          }
        : {}),
    });
    await applyMoverAccount(repositories.stage.client);
    return new DataPathStage(
      repositories.stage,
      repositories,
      await takeBaseline(repositories.stage.client),
    );
  }

  get client() {
    return this.stage.client;
  }

  async stop(): Promise<void> {
    if (process.env.LIFEBOAT_STORY_LOG) {
      process.stderr.write(this.stage.engine.log());
    }
    await this.repositories.stop();
  }

  async createNamespace(
    name: string,
    metadata: Partial<KubernetesObject['metadata']> = {},
  ): Promise<void> {
    this.namespaces.add(name);
    await this.stage.createNamespace(name, metadata);
  }

  /** A claim, mounted by a running pod at /data. Returns the folder behind it. */
  async makeVolume(
    namespace: string,
    name: string,
    options: {
      storageClass?: string;
      volumeMode?: 'Block' | 'Filesystem';
      size?: string;
    } = {},
  ): Promise<string> {
    await this.makeClaim(namespace, name, options);
    await this.runPod(namespace, `uses-${name}`, name, options.volumeMode);
    return this.folderOf(namespace, `uses-${name}`, name);
  }

  /** A claim that nobody uses yet. */
  async makeClaim(
    namespace: string,
    name: string,
    options: {
      storageClass?: string;
      volumeMode?: 'Block' | 'Filesystem';
      size?: string;
    } = {},
  ): Promise<void> {
    await this.client.create<Live>(coreTypes.persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: options.size ?? '1Gi' } },
        storageClassName: options.storageClass ?? 'folders',
        volumeMode: options.volumeMode ?? 'Filesystem',
      },
    });
  }

  /** A pod that mounts a claim at /data and does nothing. */
  async runPod(
    namespace: string,
    name: string,
    claim: string,
    volumeMode: 'Block' | 'Filesystem' = 'Filesystem',
  ): Promise<void> {
    await this.runIdle(
      namespace,
      name,
      { persistentVolumeClaim: { claimName: claim } },
      volumeMode,
    );
  }

  /** A pod with a volume at /data that does nothing. */
  async runIdle(
    namespace: string,
    name: string,
    volume: object,
    volumeMode: 'Block' | 'Filesystem' = 'Filesystem',
  ): Promise<void> {
    await eventually('the namespace has its account', async () =>
      this.get(coreTypes.serviceAccounts, namespace, 'default'),
    );
    await this.client.create<Live>(coreTypes.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name },
      spec: {
        containers: [
          {
            name: 'app',
            image: idleImage,
            ...(volumeMode === 'Block'
              ? { volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }
              : { volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
          },
        ],
        volumes: [{ name: 'data', ...volume }],
      },
    });
    await this.untilRunning(namespace, name);
  }

  async untilRunning(namespace: string, name: string): Promise<void> {
    await eventually(`pod ${name} runs`, async () => {
      const pod = await this.get(coreTypes.pods, namespace, name);
      return pod?.status?.phase === 'Running';
    });
  }

  /** The folder behind a pod's emptyDir. */
  async emptyDirOf(
    namespace: string,
    pod: string,
    volume: string,
  ): Promise<string> {
    const live = await this.get(coreTypes.pods, namespace, pod);
    return path.join(
      await podsPathOf(this.stage.cluster),
      live?.metadata.uid ?? '',
      'volumes/kubernetes.io~empty-dir',
      volume,
    );
  }

  /** The folder on this machine behind a claim, or the file that stands for a block device. */
  async folderOf(
    namespace: string,
    pod: string,
    claim: string,
  ): Promise<string> {
    const found = await this.get(
      coreTypes.persistentVolumeClaims,
      namespace,
      claim,
    );
    const live = await this.get(coreTypes.pods, namespace, pod);
    const folder = path.join(
      await podsPathOf(this.stage.cluster),
      live?.metadata.uid ?? '',
      'volumes/kubernetes.io~csi',
      found?.spec.volumeName,
      'mount',
    );
    // The volume itself: it is there longer than the pod.
    return realpathSync(
      found?.spec.volumeMode === 'Block' ? path.join(folder, 'device') : folder,
    );
  }

  /** Snapshots a claim as a backup does, and asks for its data. */
  async upload(
    name: string,
    namespace: string,
    claim: string,
    spec: Partial<DataUpload['spec']> = {},
  ): Promise<void> {
    const snapshot = `snapshot-of-${name}`;
    await this.client.create<Live>(snapshotTypes.volumeSnapshots, {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { namespace, name: snapshot, labels: backupLabel },
      spec: {
        source: { persistentVolumeClaimName: claim },
        volumeSnapshotClassName: 'folders',
      },
    });
    await this.client.create<DataUpload>(types.DataUpload, {
      apiVersion: 'velero.io/v2alpha1',
      kind: 'DataUpload',
      metadata: { namespace: controlNamespace, name, labels: backupLabel },
      spec: {
        snapshotType: 'CSI',
        csiSnapshot: {
          volumeSnapshot: snapshot,
          storageClass: 'folders',
          snapshotClass: 'folders',
          driver: 'folders.dev-cluster.lifeboat.dev',
        },
        sourcePVC: claim,
        sourceNamespace: namespace,
        backupStorageLocation: 'default',
        operationTimeout: '10m0s',
        ...spec,
      },
    });
  }

  /** A claim that waits for its data, and the request for it. */
  async download(
    name: string,
    namespace: string,
    claim: string,
    from: DataUpload,
    options: {
      storageClass?: string;
      volumeMode?: 'Block';
      size?: string;
    } = {},
  ): Promise<void> {
    await this.client.create<Live>(coreTypes.persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name: claim },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: options.size ?? '1Gi' } },
        storageClassName: options.storageClass ?? 'folders',
        ...(options.volumeMode ? { volumeMode: options.volumeMode } : {}),
        selector: {
          matchLabels: {
            'velero.io/dynamic-pv-restore': `${namespace}.${claim}.abcde`,
          },
        },
      },
    });
    await this.requestDownload(name, namespace, claim, from);
  }

  /** Asks for data in a claim that exists. */
  async requestDownload(
    name: string,
    namespace: string,
    claim: string,
    from: DataUpload,
  ): Promise<void> {
    await this.client.create<DataDownload>(types.DataDownload, {
      apiVersion: 'velero.io/v2alpha1',
      kind: 'DataDownload',
      metadata: { namespace: controlNamespace, name },
      spec: {
        targetVolume: { pvc: claim, pv: '', namespace },
        backupStorageLocation: 'default',
        snapshotID: from.status?.snapshotID ?? '',
        sourceNamespace: from.spec.sourceNamespace,
        operationTimeout: '10m0s',
      },
    });
  }

  /** Asks for the data of a volume of a running pod. */
  async backUpPodVolume(
    name: string,
    pod: Live,
    volume: string,
  ): Promise<void> {
    await this.client.create<PodVolumeBackup>(types.PodVolumeBackup, {
      apiVersion: 'velero.io/v1',
      kind: 'PodVolumeBackup',
      metadata: { namespace: controlNamespace, name },
      spec: {
        node: pod.spec.nodeName,
        pod: {
          kind: 'Pod',
          namespace: pod.metadata.namespace ?? '',
          name: pod.metadata.name ?? '',
          uid: pod.metadata.uid ?? '',
        },
        volume,
        backupStorageLocation: 'default',
        repoIdentifier: '',
        uploaderType: 'kopia',
      },
    });
  }

  /** A pod whose volume waits for the data of a backup, and the request for it. */
  async restorePodVolume(
    name: string,
    namespace: string,
    volume: object,
    from: PodVolumeBackup,
  ): Promise<void> {
    const restoreUid = `uid-of-${name}`;
    const pod = await this.client.create<Live>(coreTypes.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name },
      spec: {
        initContainers: [
          {
            name: 'restore-wait',
            image: moverImage,
            args: [
              'wait',
              '--restore',
              restoreUid,
              '--volume',
              '/restores/data',
            ],
            volumeMounts: [{ name: 'data', mountPath: '/restores/data' }],
          },
        ],
        containers: [
          {
            name: 'app',
            image: idleImage,
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', ...volume }],
      },
    });
    await this.client.create<PodVolumeRestore>(types.PodVolumeRestore, {
      apiVersion: 'velero.io/v1',
      kind: 'PodVolumeRestore',
      metadata: {
        namespace: controlNamespace,
        name,
        labels: { 'velero.io/restore-uid': restoreUid },
      },
      spec: {
        pod: {
          kind: 'Pod',
          namespace,
          name,
          uid: pod.metadata.uid ?? '',
        },
        volume: 'data',
        backupStorageLocation: 'default',
        repoIdentifier: '',
        uploaderType: 'kopia',
        snapshotID: from.status?.snapshotID ?? '',
        sourceNamespace: from.spec.pod.namespace ?? '',
      },
    });
  }

  /** Waits until data has been moved, or not, and everything made for it is gone. */
  async end<K extends keyof typeof types>(
    kind: K,
    name: string,
    timeoutMs = 60_000,
  ): Promise<Extract<DataPath, { kind: K }>> {
    type Ended = Extract<DataPath, { kind: K }>;
    return this.stage.untilEnd(
      `${kind} ${name} ends`,
      async () => {
        const found = await this.getDataPath<Ended>(kind, name);
        return (
          isTerminalDataPathPhase(found?.status?.phase) &&
          (found?.metadata.finalizers ?? []).length === 0 &&
          found
        );
      },
      timeoutMs,
    );
  }

  getDataPath<T extends DataPath>(
    kind: keyof typeof types,
    name: string,
  ): Promise<T | undefined> {
    return this.client.get<T>(types[kind], {
      namespace: controlNamespace,
      name,
    });
  }

  /** Changes a resource that moves data. */
  async patch(
    kind: keyof typeof types,
    name: string,
    body: object,
  ): Promise<void> {
    await this.client.patch(
      types[kind],
      { namespace: controlNamespace, name },
      { contentType: 'merge', body },
    );
  }

  get(
    type: (typeof coreTypes)[keyof typeof coreTypes],
    namespace: string,
    name: string,
  ): Promise<Live | undefined> {
    return this.client.get<Live>(type, { namespace, name });
  }

  /** The mover of a resource, once its process runs. */
  async moverOf(owner: string): Promise<{ pod: string; pid: number }> {
    return eventually(`the mover of ${owner} runs`, async () => {
      for await (const pod of this.client.list<Live>(coreTypes.pods, {
        namespace: controlNamespace,
      })) {
        const isIts = Object.entries(pod.metadata.labels ?? {}).some(
          ([key, value]) => key.startsWith('velero.io/') && value === owner,
        );
        const [status] = pod.status?.containerStatuses ?? [];
        const pid = Number(/-(\d+)$/.exec(status?.containerID ?? '')?.[1]);
        if (isIts && status?.state?.running && pid) {
          return { pod: pod.metadata.name ?? '', pid };
        }
      }
      return undefined;
    });
  }

  /** Waits for a phase. */
  async phase(
    kind: keyof typeof types,
    name: string,
    phase: string,
  ): Promise<void> {
    await eventually(
      `${kind} ${name} is ${phase}`,
      async () => (await this.getDataPath(kind, name))?.status?.phase === phase,
      30_000,
    );
  }

  /** Switches faults of the storage and the node on; `undefined` ends one. */
  faults(data: { [fault: string]: string | null }): Promise<void> {
    return setFaults(this.client, data);
  }

  /** Everything temporary that is there: what is made while data is moved, and the driver's own snapshots. */
  async leftovers(): Promise<string[]> {
    const found: string[] = [];
    for (const type of [
      coreTypes.pods,
      coreTypes.persistentVolumeClaims,
      snapshotTypes.volumeSnapshots,
      snapshotTypes.volumeSnapshotContents,
    ]) {
      for await (const { metadata } of this.client.list(type)) {
        const isTemporary =
          metadata.namespace === controlNamespace ||
          type === snapshotTypes.volumeSnapshots ||
          type === snapshotTypes.volumeSnapshotContents;
        if (isTemporary) found.push(`${type.resource}/${metadata.name}`);
      }
    }
    for await (const volume of this.client.list<Live>(
      coreTypes.persistentVolumes,
    )) {
      if (volume.status?.phase !== 'Bound') {
        found.push(`persistentvolumes/${volume.metadata.name}`);
      }
    }
    const driver = await this.client.get<Live>(coreTypes.configMaps, {
      namespace: 'kube-system',
      name: 'dev-cluster-driver',
    });
    for (const handle of Object.keys((driver?.data as object) ?? {})) {
      found.push(`snapshot ${handle}`);
    }
    return found;
  }

  /** Fails unless nothing temporary is there; a volume may take moments to go. */
  async expectNothingLeft(): Promise<void> {
    let left: string[] = [];
    await eventually('nothing is left', async () => {
      left = await this.leftovers();
      return left.length === 0;
    }).catch(() => undefined);
    const leaks = await findLeaks(this.client, this.baseline, {
      namespaces: [...this.namespaces],
    });
    const all = [...left, ...leaks];
    if (all.length > 0) throw new Error(`Left behind: ${all.join(', ')}`);
  }
}

/** The node's folder of pods. */
async function podsPathOf({ kubeconfig }: RunningCluster): Promise<string> {
  const client = createClusterClient({ name: 'test', kubeconfig });
  try {
    return await eventually('a node shows where its pods are', async () => {
      for await (const node of client.list(coreTypes.nodes)) {
        const found =
          node.metadata.annotations?.['dev-cluster.lifeboat.dev/pods-path'];
        if (found) return found;
      }
      return undefined;
    });
  } finally {
    client.close();
  }
}

/** Makes a folder below another, and returns it. */
export function subfolder(...segments: string[]): string {
  const folder = path.join(...segments);
  mkdirSync(folder, { recursive: true });
  return folder;
}
