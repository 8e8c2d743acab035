import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { InformerSet } from './api/InformerSet';
import { KubeClient } from './api/KubeClient';
import { Controller, ControllerContext } from './controllers/ControllerContext';
import { cronJobs } from './controllers/cronJobs';
import { daemonSets } from './controllers/daemonSets';
import { deployments } from './controllers/deployments';
import { endpoints } from './controllers/endpoints';
import { EventRecorder } from './controllers/EventRecorder';
import { garbageCollection } from './controllers/garbageCollection';
import { jobs } from './controllers/jobs';
import { namespaceTermination } from './controllers/namespaceTermination';
import { podGarbageCollection } from './controllers/podGarbageCollection';
import { provisioner } from './controllers/provisioner';
import { replicaSets } from './controllers/replicaSets';
import { resourceQuotas } from './controllers/resourceQuotas';
import { routeDefinition, routes } from './controllers/routes';
import { scheduler } from './controllers/scheduler';
import { serviceAccounts } from './controllers/serviceAccounts';
import { statefulSets } from './controllers/statefulSets';
import { volumeProtection } from './controllers/volumeProtection';
import { volumeBinding } from './controllers/volumes';
import { Faults } from './driver/Faults';
import { FolderDriver } from './driver/FolderDriver';
import {
  ensureDefinitions,
  ensureStorageObjects,
} from './driver/storageObjects';
import { Kubelet, NODE_NAME } from './kubelet/Kubelet';
import { KubeletServer } from './kubelet/KubeletServer';
import { registerNode } from './kubelet/registerNode';
import { RuntimeImages } from './kubelet/RuntimeImages';
import { contentController } from './snapshots/contentController';
import { driverList } from './snapshots/driverList';
import { snapshotController } from './snapshots/snapshotController';

const SHUTDOWN_GRACE_SECONDS = 8;
const HEARTBEAT_MS = 60_000;

export interface ControllersOptions {
  kubeconfigFile: string;
  signal: AbortSignal;
  log(line: string): void;
}

export interface NodeOptions extends ControllersOptions {
  /** JSON file with the images that run as real processes. */
  runtimesFile?: string;
  /** Folder for volumes and pods. Programs that drop root must be able to reach it. */
  volumesDirectory: string;
  /** Who asks the kubelet for logs or commands must send this as bearer token. Random when not given. */
  kubeletToken?: string;
  /** File with the client certificate of a kube-apiserver: then the kubelet speaks TLS and answers only to it. */
  kubeletClientCertificate?: string;
}

export interface RunningNode {
  /** Ends all processes of the node; what is in the API stays. */
  stop(): Promise<void>;
}

async function contextFor(
  options: ControllersOptions,
  stop: AbortController,
): Promise<ControllerContext> {
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const client = await KubeClient.fromKubeconfig(options.kubeconfigFile);
  const log = (line: string) => options.log(line);
  return {
    client,
    informers: new InformerSet(client, signal, log),
    signal,
    log,
    now: () => new Date(),
  };
}

function housekeeping(context: ControllerContext): Controller[] {
  return [
    namespaceTermination(context),
    garbageCollection(context),
    serviceAccounts(context),
    volumeProtection(context),
    podGarbageCollection(context),
    resourceQuotas(context),
  ];
}

/**
 * Runs the few controllers without which a bare kube-apiserver does not behave like a cluster: namespace termination,
 * garbage collection, default service accounts, protection of volumes in use.
 */
export async function startControllers(
  options: ControllersOptions,
): Promise<RunningNode> {
  const stop = new AbortController();
  const context = await contextFor(options, stop);
  const controllers = housekeeping(context);
  await context.informers.synced();
  for (const controller of controllers) controller.start();
  return {
    async stop() {
      stop.abort();
    },
  };
}

/**
 * Starts the one node of a cluster, with all controllers, scheduler and volumes: a client of the Kubernetes API only.
 *
 * @throws when the API server does not answer or the runtimes file is wrong.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const stop = new AbortController();
  const context = await contextFor(options, stop);
  const { informers, signal } = context;
  mkdirSync(options.volumesDirectory, { recursive: true, mode: 0o755 });
  const faults = new Faults(context);
  const driver = new FolderDriver(options.volumesDirectory, faults, signal);
  const events = new EventRecorder(context, NODE_NAME);
  const kubelet = new Kubelet(
    context,
    RuntimeImages.fromFile(options.runtimesFile),
    { driver, faults, events },
    options.volumesDirectory,
  );
  const server = new KubeletServer(
    kubelet,
    options.kubeletClientCertificate
      ? { clientCertificate: options.kubeletClientCertificate }
      : { token: options.kubeletToken ?? randomBytes(24).toString('hex') },
    kubelet.reaper,
  );
  try {
    const port = await server.listen();
    const register = (ready: boolean) =>
      registerNode(context, {
        name: NODE_NAME,
        kubeletPort: port,
        podsDirectory: kubelet.podsDirectory,
        ready,
      });
    await Promise.all([
      ensureDefinitions(context, [routeDefinition]),
      ensureStorageObjects(context),
      register(true),
    ]);
    const controllers = [
      ...housekeeping(context),
      deployments(context),
      replicaSets(context),
      statefulSets(context),
      daemonSets(context),
      jobs(context),
      cronJobs(context),
      endpoints(context),
      volumeBinding(context, events),
      provisioner(context, driver, events),
      snapshotController(context),
      contentController(context, driver),
      driverList(context, driver),
      scheduler(context, NODE_NAME),
      routes(context),
    ];
    await informers.synced();
    for (const controller of controllers) controller.start();
    kubelet.start(register);
    const heartbeat = setInterval(() => {
      register(!kubelet.isGone).catch(error => {
        if (!signal.aborted) context.log(`node: ${(error as Error).message}`);
      });
    }, HEARTBEAT_MS);
    signal.addEventListener('abort', () => clearInterval(heartbeat));
  } catch (error) {
    stop.abort();
    await server.stop();
    await kubelet.stop(0);
    throw error;
  }
  let stopped: Promise<void> | undefined;
  const end = async () => {
    stop.abort();
    await server.stop();
    await kubelet.stop(SHUTDOWN_GRACE_SECONDS);
  };
  return {
    stop() {
      stopped ??= end();
      return stopped;
    },
  };
}
