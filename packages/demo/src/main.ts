import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { ClusterApi } from './cluster/ClusterApi';
import {
  foreignNamespaces,
  foreignStorage,
  removeNamespaces,
} from './cluster/foreignNamespaces';
import {
  APPLICATION_NAMESPACE,
  installApplications,
  installTypes,
  waitForApplication,
} from './cluster/installApplication';
import { moverAccount } from './cluster/moverAccount';
import { controlObjects, StorageChoice } from './cluster/storageLocation';
import { DemoOptions, parseCommandLine, usage } from './commandLine';
import { demoPaths, reachableDirectory, stateDirectory } from './paths';
import { startEmbeddedCluster } from './run/embeddedCluster';
import { ManagedProcess } from './run/ManagedProcess';
import { startPortal } from './run/portal';
import { Progress } from './run/Progress';
import { isFaithful, runThrough } from './run/runThrough';
import { summary } from './run/summary';
import { writeRuntimesFile } from './runtimes/runtimesFile';

const REAL_CLUSTER_READY_MS = 60_000;

function random(): string {
  return randomBytes(12).toString('base64url');
}

/** @throws with what to do when credentials for S3 are missing. */
function storageChoice(options: DemoOptions, folder: string): StorageChoice {
  if (!options.storage) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { folder };
  }
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = process.env;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(
      '--storage needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then run the same command again',
    );
  }
  return {
    s3: options.storage,
    credentials: { accessKeyId, secretAccessKey },
  };
}

/** Everything that was started, ended in reverse order. */
class Started {
  private readonly steps: (() => Promise<void>)[] = [];

  add(stop: () => Promise<void>): void {
    this.steps.push(stop);
  }

  async stop(): Promise<void> {
    for (;;) {
      const step = this.steps.pop();
      if (!step) return;
      await step().catch(error =>
        process.stderr.write(`${(error as Error).message}\n`),
      );
    }
  }
}

/** The embedded cluster has nothing to protect: folders of the last run are wiped. */
async function startCluster(
  state: string,
  paths: ReturnType<typeof demoPaths>,
  started: Started,
  progress: Progress,
): Promise<string> {
  const kubeconfig = join(state, 'kubeconfig');
  const reachable = reachableDirectory(state);
  if (reachable !== state) {
    rmSync(join(reachable, 'volumes'), { recursive: true, force: true });
  }
  const runtimesFile = join(state, 'runtimes.json');
  writeRuntimesFile({
    file: runtimesFile,
    assets: paths.assets,
    moverProgram: paths.moverProgram,
    postgresCache: join(
      reachableDirectory(join(paths.root, '.data')),
      'postgres',
    ),
  });
  progress.working('starting the embedded cluster');
  const cluster = await startEmbeddedCluster({
    program: paths.clusterProgram,
    kubeconfig,
    runtimesFile,
    volumes: join(reachable, 'volumes'),
    logFile: join(state, 'cluster.log'),
  });
  started.add(async () => {
    await cluster.stop();
    rmSync(join(reachable, 'volumes'), { recursive: true, force: true });
  });
  progress.done('Embedded cluster is up');
  return kubeconfig;
}

/** @throws when the cluster holds what the demo would overwrite. */
async function refuseForeignCluster(cluster: ClusterApi): Promise<void> {
  const foreign = [
    ...(await foreignNamespaces(cluster)).map(name => `Namespace ${name}`),
    ...(await foreignStorage(cluster)),
  ];
  if (foreign.length > 0) {
    throw new Error(
      `the cluster has this already, not made by the demo: ${foreign.join(
        ', ',
      )}. The demo changes nothing of others: use another cluster.`,
    );
  }
}

async function demo(
  options: DemoOptions,
  started: Started,
  signal: AbortSignal,
): Promise<{ passed: boolean; running: ManagedProcess[] }> {
  const progress = new Progress(process.stdout);
  const paths = demoPaths(process.argv[1]);
  const state = stateDirectory(paths.root, options.port);
  const baseUrl = `http://localhost:${options.port}`;
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
  const storage = storageChoice(options, join(state, 'storage'));

  let kubeconfig: string;
  if (options.kubeconfig) {
    kubeconfig = resolve(options.kubeconfig);
    if (!existsSync(kubeconfig)) {
      throw new Error(`--kubeconfig ${kubeconfig}: there is no such file`);
    }
    writeFileSync(join(state, 'kubeconfig'), readFileSync(kubeconfig), {
      mode: 0o600,
    });
  } else {
    kubeconfig = await startCluster(state, paths, started, progress);
  }

  const cluster = await ClusterApi.fromKubeconfig(kubeconfig);
  if (options.kubeconfig) await refuseForeignCluster(cluster);
  const copies: string[] = [];
  if (options.kubeconfig && options.once) {
    started.add(() => removeNamespaces(cluster, copies));
  }
  await installTypes(cluster, signal);
  for (const object of [
    ...controlObjects(storage),
    ...moverAccount(paths.deploy),
  ]) {
    await cluster.apply(object);
  }
  const left = await installApplications(
    cluster,
    { databasePassword: random(), sessionKey: random(), paymentsKey: random() },
    signal,
  );
  progress.done(
    'Applications are installed: orders, reports, newsletter, payments',
  );
  for (const each of left) {
    progress.line(`            without ${each}: this cluster has no such type`);
  }

  progress.working('starting the portal');
  const [portal] = await Promise.all([
    startPortal({
      backend: paths.backend,
      configFiles: [paths.appConfig],
      port: options.port,
      kubeconfig,
      logFile: join(state, 'portal.log'),
      signal,
    }).then(running => {
      started.add(() => running.stop());
      return running;
    }),
    applicationReady(cluster, options, progress, signal),
  ]);
  progress.done(`Portal is up at ${baseUrl}`);

  const result = await runThrough({
    baseUrl,
    cluster,
    progress,
    onTarget: namespace => copies.push(namespace),
    signal,
  });
  for (const line of summary(result, options.once ? undefined : baseUrl))
    progress.line(line);
  return {
    passed: isFaithful(result),
    running: [portal],
  };
}

/** On a real cluster the demo's own images may be out of reach; the objects are shown all the same. */
async function applicationReady(
  cluster: ClusterApi,
  options: DemoOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (!options.kubeconfig) {
    await waitForApplication(cluster, APPLICATION_NAMESPACE, signal);
    progress.done('The application runs');
    return;
  }
  try {
    await waitForApplication(
      cluster,
      APPLICATION_NAMESPACE,
      signal,
      REAL_CLUSTER_READY_MS,
    );
  } catch {
    signal.throwIfAborted();
    progress.line(
      "            The application's pods are not ready: its images lifeboat/demo-* are not in a registry. Its objects are backed up and compared all the same.",
    );
  }
}

async function main(): Promise<number> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const stopping = new AbortController();
  const started = new Started();
  const interrupted = new Promise<number>(done => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (!stopping.signal.aborted) {
          process.stdout.write('\nStopping …\n');
          stopping.abort(new Error('interrupted'));
        }
        done(signal === 'SIGINT' ? 130 : 143);
      });
    }
  });
  try {
    const work = demo(options, started, stopping.signal);
    const outcome = await Promise.race([work, interrupted]);
    if (typeof outcome === 'number') {
      await work.catch(() => undefined);
      return outcome;
    }
    if (options.once) {
      process.stdout.write(
        outcome.passed
          ? 'Everything came back as it was. To click through it: npm run demo\n'
          : 'Original and copy differ: see above.\n',
      );
      return outcome.passed ? 0 : 1;
    }
    if (!outcome.passed) {
      process.stdout.write(
        'Original and copy differ: see above. The portal keeps running.\n',
      );
    }
    process.stdout.write('Press Ctrl-C to stop.\n');
    const ended = await Promise.race([
      interrupted,
      ...outcome.running.map(each => each.failure()),
    ]);
    return ended === 130 && outcome.passed ? 0 : ended;
  } finally {
    await started.stop();
  }
}

main().then(
  code => process.exit(code),
  error => {
    process.stderr.write(`\n${(error as Error).message}\n`);
    process.exit(1);
  },
);
