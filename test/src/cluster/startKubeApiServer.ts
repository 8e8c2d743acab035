import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { startProcess, type BackgroundProcess } from './childProcess';
import { eventually } from './eventually';
import { freePorts } from './freePorts';
import type { RunningCluster } from './RunningCluster';
import { startControllers } from './startControllers';
import { writeKubeconfig } from './writeKubeconfig';

/** A real API server that was started for tests. */
export interface RunningKubeApiServer extends RunningCluster {
  /** `https://127.0.0.1:PORT` */
  server: string;
  /** PEM of the server's certificate, which signs itself. */
  certificateAuthority: string;
  /** File with the certificate that it shows to kubelets. */
  kubeletClientCertificate: string;
}

const startTimeoutMs = 90_000;

/** The folder with kube-apiserver, etcd and kubectl (envtest's convention). */
export function kubebuilderAssets(): string {
  const folder = process.env.KUBEBUILDER_ASSETS ?? '';
  const missing = ['kube-apiserver', 'etcd', 'kubectl'].filter(
    program => !folder || !existsSync(path.join(folder, program)),
  );
  if (missing.length > 0) {
    throw new Error(
      `KUBEBUILDER_ASSETS must name a folder with kube-apiserver, etcd and kubectl (setup-envtest makes one); ${
        folder ? `${folder} lacks ${missing.join(', ')}` : 'it is not set'
      }`,
    );
  }
  return folder;
}

/**
 * Starts a real etcd and kube-apiserver on free ports of 127.0.0.1, with RBAC, all of its usual admission and an issuer of
 * ServiceAccount tokens. There are no nodes, so no pod ever runs, unless `startNodeOn` brings one.
 *
 * @param options - `withoutControllers`: nobody makes default ServiceAccounts, ends namespaces or collects dependents
 */
export async function startKubeApiServer(
  options: { withoutControllers?: boolean } = {},
): Promise<RunningKubeApiServer> {
  const assets = kubebuilderAssets();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-api-'));
  const processes: BackgroundProcess[] = [];
  const stop = async () => {
    for (const running of processes.slice().reverse()) await running.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const started = await startPrograms(assets, folder, processes);
    if (!options.withoutControllers) {
      processes.push(await startControllers(started.kubeconfig));
    }
    return { ...started, stop };
  } catch (error) {
    const said = processes.map(each => each.errors().slice(-2000)).join('\n');
    await stop();
    throw new Error(`The API server did not start: ${error}\n${said}`);
  }
}

async function startPrograms(
  assets: string,
  folder: string,
  processes: BackgroundProcess[],
): Promise<Omit<RunningKubeApiServer, 'stop'>> {
  const [etcdPort, peerPort, port] = await freePorts(3);
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  processes.push(
    startProcess(path.join(assets, 'etcd'), [
      `--data-dir=${path.join(folder, 'etcd')}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ]),
  );
  const token = randomBytes(24).toString('hex');
  const file = (name: string, content: string) => {
    const target = path.join(folder, name);
    writeFileSync(target, content, { mode: 0o600 });
    return target;
  };
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const tokens = file('tokens.csv', `${token},admin,admin,"system:masters"\n`);
  const certificates = path.join(folder, 'certificates');
  const certificate = path.join(certificates, 'apiserver.crt');
  processes.push(
    startProcess(path.join(assets, 'kube-apiserver'), [
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${certificates}`,
      // It makes the pair itself before it looks for the files.
      `--kubelet-client-certificate=${certificate}`,
      `--kubelet-client-key=${path.join(certificates, 'apiserver.key')}`,
      '--kubelet-preferred-address-types=InternalIP',
      // Commands go through to the node's WebSocket: it does not speak SPDY, into which they would be translated.
      '--feature-gates=TranslateStreamCloseWebsocketRequests=false',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${file('accounts.pub', keys.publicKey)}`,
      `--service-account-signing-key-file=${file(
        'accounts.key',
        keys.privateKey,
      )}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${tokens}`,
      '--allow-privileged=true',
      '--endpoint-reconciler-type=none',
    ]),
  );
  const server = `https://127.0.0.1:${port}`;
  const answers = async (requestPath: string) => {
    if (processes.some(each => each.child.exitCode !== null)) return 'ended';
    const ca = existsSync(certificate) && readFileSync(certificate, 'utf8');
    if (!ca) return undefined;
    const code = await status(`${server}${requestPath}`, token, ca);
    return code === 200 && 'ready';
  };
  for (const requestPath of ['/readyz', '/api/v1/namespaces/kube-system']) {
    const found = await eventually(
      `${requestPath} answers`,
      () => answers(requestPath),
      startTimeoutMs,
    );
    if (found === 'ended') throw new Error('a program ended');
  }
  const certificateAuthority = readFileSync(certificate, 'utf8');
  const kubeconfig = path.join(folder, 'kubeconfig');
  writeKubeconfig(kubeconfig, { server, certificateAuthority, token });
  return {
    kubeconfig,
    server,
    certificateAuthority,
    kubeletClientCertificate: certificate,
  };
}

function status(url: string, token: string, ca: string): Promise<number> {
  return new Promise(resolve => {
    const call = https.get(
      url,
      {
        ca,
        headers: { authorization: `Bearer ${token}` },
        timeout: 5_000,
        agent: false,
      },
      response => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(0));
  });
}
