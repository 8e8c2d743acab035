import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BackgroundProcess,
  root,
  startProcess,
} from '../cluster/childProcess';
import type { RunningCluster } from '../cluster/RunningCluster';

export interface KubeApiServerOptions {
  /** Folder with `kube-apiserver` and `etcd` (KUBEBUILDER_ASSETS). */
  assets: string;
  /**
   * Runs the controllers of dev-cluster against it: namespaces terminate, owners' dependents are collected, every
   * namespace gets its default ServiceAccount. Without them nobody does that, as there is no controller manager.
   */
  controllers?: boolean;
  signal?: AbortSignal;
}

export interface RunningKubeApiServer extends RunningCluster {
  /** `https://127.0.0.1:PORT` */
  server: string;
  /** PEM of the server's certificate. */
  certificateAuthority: string;
}

const startTimeoutMs = 90_000;
const bundle = join(root, 'packages/dev-cluster/assets/dev-cluster.cjs');

/** A real kube-apiserver with etcd on free ports, with RBAC and an issuer of ServiceAccount tokens. */
export async function startKubeApiServer(
  options: KubeApiServerOptions,
): Promise<RunningKubeApiServer> {
  for (const program of ['kube-apiserver', 'etcd']) {
    if (!existsSync(join(options.assets, program))) {
      throw new Error(
        `${options.assets} has no ${program}: KUBEBUILDER_ASSETS must name a folder with kube-apiserver and etcd (setup-envtest makes one)`,
      );
    }
  }
  const folder = await mkdtemp(join(tmpdir(), 'kube-'));
  const processes: BackgroundProcess[] = [];
  const stop = async () => {
    for (const running of processes.slice().reverse()) await running.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await start(options, folder, processes)), stop };
  } catch (error) {
    const said = processes.map(p => p.errors().slice(-2000)).join('\n');
    await stop();
    throw new Error(`The API server did not start: ${error}\n${said}`);
  }
}

async function start(
  options: KubeApiServerOptions,
  folder: string,
  processes: BackgroundProcess[],
): Promise<Omit<RunningKubeApiServer, 'stop'>> {
  const [apiPort, etcdPort, peerPort] = await freePorts(3);
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const run = (program: string, args: string[]) => {
    processes.push(startProcess(join(options.assets, program), args));
  };
  run('etcd', [
    '--name=one',
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=one=${peer}`,
  ]);
  const token = randomBytes(24).toString('hex');
  const file = (name: string) => join(folder, name);
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  await writeFile(file('sa.pub'), keys.publicKey);
  await writeFile(file('sa.key'), keys.privateKey, { mode: 0o600 });
  await writeFile(
    file('tokens.csv'),
    `${token},admin,admin,"system:masters"\n`,
    {
      mode: 0o600,
    },
  );
  run('kube-apiserver', [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${apiPort}`,
    `--cert-dir=${file('certificates')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${file('tokens.csv')}`,
    '--allow-privileged=true',
    '--endpoint-reconciler-type=none',
  ]);
  const server = `https://127.0.0.1:${apiPort}`;
  const certificateAuthority = await ready(
    `${server}/readyz`,
    token,
    file('certificates/apiserver.crt'),
    processes,
    options.signal,
  );
  const kubeconfig = file('kubeconfig');
  await writeFile(
    kubeconfig,
    kubeconfigOf(server, certificateAuthority, token),
    { mode: 0o600 },
  );
  if (options.controllers) {
    processes.push(await startControllers(kubeconfig));
  }
  return { kubeconfig, server, certificateAuthority };
}

/** Content of a kubeconfig file (JSON is YAML) for one user with a token. */
export function kubeconfigOf(
  server: string,
  certificateAuthority: string,
  token: string,
): string {
  const ca = Buffer.from(certificateAuthority).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server, 'certificate-authority-data': ca } },
    ],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

async function startControllers(
  kubeconfig: string,
): Promise<BackgroundProcess> {
  const running = startProcess(process.execPath, [
    bundle,
    '--controllers-only',
    '--kubeconfig',
    kubeconfig,
  ]);
  const end = Date.now() + 30_000;
  let ready = false;
  running.child.stdout?.once('data', () => {
    ready = true;
  });
  while (!ready) {
    const { exitCode } = running.child;
    if (exitCode !== null || Date.now() > end) {
      await running.stop();
      throw new Error(
        `the controllers did not start (${exitCode}): ${running.errors()}`,
      );
    }
    await sleep(50);
  }
  return running;
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>(resolve => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map(s => (s.address() as AddressInfo).port);
  await Promise.all(servers.map(s => new Promise(resolve => s.close(resolve))));
  return ports;
}

/** Waits until the server is ready; gives its certificate, which it makes itself. */
async function ready(
  url: string,
  token: string,
  certificate: string,
  processes: BackgroundProcess[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const end = Date.now() + startTimeoutMs;
  while (Date.now() < end) {
    signal?.throwIfAborted();
    const gone = processes.find(p => p.child.exitCode !== null);
    if (gone) {
      const { spawnfile, exitCode } = gone.child;
      throw new Error(`${spawnfile} ended with ${exitCode}`);
    }
    const ca = await readFile(certificate, 'utf8').catch(() => undefined);
    if (ca && (await status(url, token, ca)) === 200) return ca;
    await sleep(200);
  }
  throw new Error(`not ready within ${startTimeoutMs / 1000} s`);
}

function status(url: string, token: string, ca: string): Promise<number> {
  return new Promise(resolve => {
    const call = request(
      url,
      { ca, headers: { authorization: `Bearer ${token}` }, timeout: 5000 },
      response => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(0));
    call.end();
  });
}
