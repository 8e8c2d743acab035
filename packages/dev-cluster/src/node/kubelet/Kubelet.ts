import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { keyOf } from '../api/Informer';
import { isNotFound, KubeError } from '../api/KubeClient';
import { Resource, resourcePath, types } from '../api/Resource';
import { ControllerContext } from '../controllers/ControllerContext';
import { Service } from '../controllers/endpoints';
import { EventRecorder } from '../controllers/EventRecorder';
import { Claim, Volume } from '../controllers/volumes';
import { isFinished, Pod, PodStatus } from '../controllers/Workload';
import { Faults } from '../driver/Faults';
import { FolderDriver } from '../driver/FolderDriver';
import { ProcessOrigins } from '../driver/ProcessPause';
import { isOurDriver } from '../driver/storageObjects';
import { pause } from '../pause';
import { ContainerConfigError } from './ContainerConfigError';
import { ConfigMapData, SecretData } from './containerEnvironment';
import { PodHost, PodWorker } from './PodWorker';
import { VolumeSources } from './PodVolumes';
import { ProcessReaper } from './ProcessReaper';
import { RuntimeImages } from './RuntimeImages';
import { ServiceProxy } from './ServiceProxy';
import { deletePods, markUnready } from './unreachableNode';

export const NODE_NAME = 'dev-node';
/** Kubernetes: pods tolerate an unreachable node for so long. */
const UNREACHABLE_SECONDS = 300;
/** Between two attempts to write what has become of a pod. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;

/** What the kubelet works with besides the API. */
export interface NodeParts {
  driver: FolderDriver;
  faults: Faults;
  events: EventRecorder;
}

/** Runs the pods that are assigned to the node. */
export class Kubelet {
  private readonly workers = new Map<string, PodWorker>();
  private readonly ended = new Set<string>();
  readonly reaper = new ProcessReaper();
  private readonly proxy: ServiceProxy;
  private readonly pods;
  private readonly configMaps;
  private readonly secrets;
  private readonly claims;
  private readonly volumes;
  private readonly host: PodHost;
  private lastAddress = 1;
  /** Holds one folder per pod, as a kubelet's /var/lib/kubelet/pods. */
  readonly podsDirectory: string;

  constructor(
    private readonly context: ControllerContext,
    images: RuntimeImages,
    private readonly parts: NodeParts,
    directory: string,
  ) {
    const { informers, log } = context;
    this.pods = informers.of<Pod>(types.pods);
    this.configMaps = informers.of<Resource & ConfigMapData>(types.configMaps);
    this.secrets = informers.of<Resource & SecretData>(types.secrets);
    this.claims = informers.of<Claim>(types.persistentVolumeClaims);
    this.volumes = informers.of<Volume>(types.persistentVolumes);
    this.proxy = new ServiceProxy(
      informers.of<Service>(types.services),
      this.pods,
      join(directory, 'services'),
      log,
    );
    const podsDirectory = join(realpathSync(directory), 'pods');
    rmSync(podsDirectory, { recursive: true, force: true });
    mkdirSync(podsDirectory, { recursive: true, mode: 0o711 });
    this.podsDirectory = podsDirectory;
    parts.driver.usersOf = handle => this.usersOf(handle);
    this.host = {
      images,
      reaper: this.reaper,
      podsDirectory,
      sourcesOf: pod => this.sourcesOf(pod),
      clusterEnvironment: namespace => this.clusterEnvironment(namespace),
      writeStatus: (pod, status) => this.writeStatus(pod, status),
      annotate: (pod, annotations) => this.annotate(pod, annotations),
      fakeAddress: () => this.fakeAddress(),
      faults: parts.faults,
      events: parts.events,
      present: signal => this.present(signal),
      log,
    };
  }

  /** Whether the node is as if without power (a fault). */
  isGone = false;
  private readonly presence = new EventEmitter().setMaxListeners(0);
  private evictions?: NodeJS.Timeout;

  /** Call when the informers are filled. `register` writes the Node object. */
  start(register: (ready: boolean) => Promise<void>): void {
    this.proxy.start(this.context.signal);
    this.parts.faults.onChange(() => {
      this.followFaults(register).catch(error =>
        this.context.log(`faults: ${(error as Error).message}`),
      );
    });
    this.pods.onChange((pod, change) => this.settle(pod, change));
    const refresh = (namespace: string | undefined) => {
      for (const worker of this.workers.values()) {
        if (worker.namespace === namespace) {
          worker
            .refreshVolumes()
            .catch(error => this.context.log((error as Error).message));
        }
      }
    };
    this.configMaps.onChange(map => refresh(map.metadata.namespace));
    this.secrets.onChange(secret => refresh(secret.metadata.namespace));
  }

  private async followFaults(
    register: (ready: boolean) => Promise<void>,
  ): Promise<void> {
    const { faults } = this.parts;
    for (const worker of this.workers.values()) this.evictIfNamed(worker);
    const gone = faults.on('node-gone');
    if (gone === this.isGone) return;
    this.isGone = gone;
    if (gone) {
      for (const worker of this.workers.values()) worker.cutPower();
      const seconds = faults.number('node-gone') ?? UNREACHABLE_SECONDS;
      this.evictions = setTimeout(() => {
        deletePods(this.context, this.ownPods()).catch(error =>
          this.context.log((error as Error).message),
        );
      }, seconds * 1000);
      this.evictions.unref();
      await register(false);
      await markUnready(this.context, this.ownPods());
      return;
    }
    clearTimeout(this.evictions);
    await register(true);
    this.presence.emit('back');
    const pods = new Map(
      this.pods.list().map(pod => [pod.metadata.uid, pod] as const),
    );
    for (const worker of [...this.workers.values()]) {
      if (pods.has(worker.uid)) void worker.republish();
      else this.finish(worker, undefined, 0);
    }
    for (const pod of pods.values()) this.settle(pod, 'set');
  }

  private ownPods(): Pod[] {
    return this.pods.list().filter(pod => pod.spec?.nodeName === NODE_NAME);
  }

  private async present(signal: AbortSignal): Promise<void> {
    if (this.isGone) await once(this.presence, 'back', { signal });
  }

  private evictIfNamed(worker: PodWorker): void {
    if (!this.parts.faults.names('evict', worker.key)) return;
    void worker.fail(
      'Evicted',
      'The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 0.',
    );
  }

  private settle(pod: Pod, change: 'set' | 'deleted'): void {
    if (pod.spec?.nodeName !== NODE_NAME || this.context.signal.aborted) return;
    if (this.isGone) return;
    const uid = pod.metadata.uid ?? '';
    const worker = this.workers.get(uid);
    if (change === 'deleted') {
      if (worker) this.finish(worker, undefined, 0);
      return;
    }
    if (pod.metadata.deletionTimestamp) {
      if (worker) {
        worker.update(pod);
        this.finish(worker, pod);
      } else if (!this.ended.has(uid)) {
        void this.remove(pod);
      }
      return;
    }
    if (worker) {
      worker.update(pod);
      return;
    }
    if (this.ended.has(uid) || isFinished(pod)) return;
    const created = new PodWorker(pod, this.host);
    this.workers.set(uid, created);
    created.start();
  }

  private finish(
    worker: PodWorker,
    pod: Pod | undefined,
    graceSeconds?: number,
  ): void {
    if (this.ended.has(worker.uid)) return;
    this.ended.add(worker.uid);
    worker
      .terminate(graceSeconds)
      .then(() => {
        this.workers.delete(worker.uid);
        return pod ? this.remove(pod) : undefined;
      })
      .catch(error => this.context.log((error as Error).message));
  }

  private remove(pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    return this.untilTaken(`pod ${keyOf(pod)}`, () =>
      this.context.client.delete(types.pods, namespace, name, {
        gracePeriodSeconds: 0,
        preconditions: { uid },
      }),
    );
  }

  private async writeStatus(pod: Pod, status: PodStatus): Promise<void> {
    if (this.context.signal.aborted || this.isGone) return;
    await this.patchStatus(pod, status);
    const worker = this.workers.get(pod.metadata.uid ?? '');
    if (worker && status.phase === 'Running') this.evictIfNamed(worker);
  }

  private patchStatus(pod: Pod, status: PodStatus): Promise<void> {
    return this.untilTaken(`status of ${keyOf(pod)}`, async () => {
      const written = await this.context.client.patch<Pod>(
        types.pods,
        pod.metadata.namespace,
        pod.metadata.name,
        { metadata: { uid: pod.metadata.uid }, status },
        { subresource: 'status' },
      );
      this.pods.observe(written);
    });
  }

  /** Writes until the API server takes or refuses it: nobody else knows what has become of a pod. */
  private async untilTaken(
    what: string,
    write: () => Promise<void>,
  ): Promise<void> {
    const { signal, log } = this.context;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs *= 2) {
      try {
        await write();
        return;
      } catch (error) {
        if (isNotFound(error) || signal.aborted) return;
        log(`${what}: ${(error as Error).message}`);
        if (error instanceof KubeError && error.code < 500) return;
        await pause(Math.min(pauseMs, LAST_PAUSE_MS), signal);
      }
    }
  }

  private async annotate(
    pod: Pod,
    annotations: Record<string, string>,
  ): Promise<Pod> {
    const { namespace, name, uid } = pod.metadata;
    const patched = await this.context.client.patch<Pod>(
      types.pods,
      namespace,
      name,
      { metadata: { uid, annotations } },
    );
    this.pods.observe(patched);
    return patched;
  }

  private fakeAddress(): string {
    this.lastAddress += 1;
    const number = this.lastAddress % 65_000;
    return `10.244.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  }

  private clusterEnvironment(namespace: string): Record<string, string> {
    const { host, port } = this.context.client.address;
    return {
      KUBERNETES_SERVICE_HOST: host,
      KUBERNETES_SERVICE_PORT: port,
      ...this.proxy.environment(namespace),
      LIFEBOAT_SERVICES_FILE: this.proxy.fileOf(namespace),
    };
  }

  private sourcesOf(pod: Pod): VolumeSources {
    const { namespace, name, uid } = pod.metadata;
    return {
      configMap: each => this.configMaps.get(`${namespace}/${each}`),
      secret: each => this.secrets.get(`${namespace}/${each}`),
      claimVolume: async each => {
        const claim = this.claims.get(`${namespace}/${each}`);
        const volume = this.volumes.get(claim?.spec?.volumeName ?? '');
        if (!volume || claim?.status?.phase !== 'Bound') {
          throw new ContainerConfigError(
            `persistentvolumeclaim "${each}" is not bound`,
            'ContainerCreating',
          );
        }
        const { csi } = volume.spec ?? {};
        if (!csi || !isOurDriver(csi.driver)) {
          throw new ContainerConfigError(
            `volume ${volume.metadata.name} is not a folder of this node`,
            'ContainerCreating',
          );
        }
        const problem = this.parts.faults.text('mount-error');
        if (problem) {
          const message = `MountVolume.SetUp failed for volume "${volume.metadata.name}" : ${problem}`;
          await this.parts.events.record(
            pod,
            'Warning',
            'FailedMount',
            message,
          );
          throw new ContainerConfigError(message, 'ContainerCreating');
        }
        return {
          name: volume.metadata.name,
          handle: csi.volumeHandle,
          folder: await this.parts.driver.stage(csi.volumeHandle),
        };
      },
      hostPath: async (path, type) => {
        const wanted = normalize(`${path}/.`);
        const inside =
          wanted === this.podsDirectory ||
          wanted.startsWith(`${this.podsDirectory}/`);
        if (!inside) {
          throw new ContainerConfigError(
            `host path ${path} is outside of the node's pods (${this.podsDirectory})`,
            'ContainerCreating',
          );
        }
        if (!type || type === 'DirectoryOrCreate') {
          await mkdir(wanted, { recursive: true });
        } else if (!existsSync(wanted)) {
          throw new ContainerConfigError(
            `hostPath type check failed: ${path} is not a ${type.toLowerCase()}`,
            'ContainerCreating',
          );
        }
        return wanted;
      },
      token: async (audience, expirationSeconds) => {
        const account = pod.spec?.serviceAccountName ?? 'default';
        const answer = await this.context.client.request<{
          status?: { token?: string };
        }>(
          'POST',
          resourcePath(types.serviceAccounts, namespace, account, 'token'),
          {
            body: {
              apiVersion: 'authentication.k8s.io/v1',
              kind: 'TokenRequest',
              spec: {
                audiences: audience ? [audience] : [],
                expirationSeconds: Math.max(600, expirationSeconds),
                boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
              },
            },
          },
        );
        return answer.status?.token ?? '';
      },
    };
  }

  private usersOf(handle: string): ProcessOrigins {
    const users = [...this.workers.values()].filter(each => each.uses(handle));
    return {
      pids: users.flatMap(each => each.origins.pids),
      podRoots: users.flatMap(each => each.origins.podRoots),
    };
  }

  /** The worker of a pod, by namespace and name. */
  find(namespace: string, name: string): PodWorker | undefined {
    const pod = this.pods.get(`${namespace}/${name}`);
    return this.workers.get(pod?.metadata.uid ?? '');
  }

  /** Ends all processes; the pods stay in the API. */
  async stop(graceSeconds: number): Promise<void> {
    const workers = [...this.workers.values()];
    await Promise.all(workers.map(worker => worker.terminate(graceSeconds)));
    await this.reaper.stop();
  }
}
