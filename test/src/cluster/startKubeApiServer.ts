import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { startProcess } from './childProcess';
import { eventually } from './eventually';
import type { RunningCluster } from './RunningCluster';

/** The folder with kube-apiserver, etcd and kubectl (envtest's convention). */
export function kubebuilderAssets(): string {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (!folder || !existsSync(path.join(folder, 'kube-apiserver'))) {
    throw new Error(
      'KUBEBUILDER_ASSETS must name a folder with kube-apiserver, etcd and kubectl',
    );
  }
  return folder;
}

/**
 * Starts a real etcd and kube-apiserver with RBAC on free ports of 127.0.0.1.
 * There are no controllers and no nodes.
 */
export async function startKubeApiServer(): Promise<
  RunningCluster & { server: string }
> {
  const assets = kubebuilderAssets();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-api-'));
  const [etcdPort, peerPort, port] = await freePorts(3);
  const token = randomBytes(16).toString('hex');
  const server = `https://127.0.0.1:${port}`;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
  });
  const file = (name: string, content: string) => {
    const target = path.join(folder, name);
    writeFileSync(target, content, { mode: 0o600 });
    return target;
  };
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const etcd = startProcess(path.join(assets, 'etcd'), [
    '--data-dir',
    path.join(folder, 'etcd'),
    '--listen-client-urls',
    etcdUrl,
    '--advertise-client-urls',
    etcdUrl,
    '--listen-peer-urls',
    peerUrl,
    '--initial-advertise-peer-urls',
    peerUrl,
    '--initial-cluster',
    `default=${peerUrl}`,
    '--unsafe-no-fsync',
  ]);
  const apiServer = startProcess(path.join(assets, 'kube-apiserver'), [
    `--etcd-servers=${etcdUrl}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--cert-dir=${path.join(folder, 'certificates')}`,
    `--token-auth-file=${file(
      'tokens.csv',
      `${token},test-admin,test-admin,"system:masters"\n`,
    )}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${file(
      'accounts.key',
      String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
    )}`,
    `--service-account-key-file=${file(
      'accounts.pub',
      String(publicKey.export({ type: 'spki', format: 'pem' })),
    )}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--disable-admission-plugins=ServiceAccount',
  ]);
  const stop = async () => {
    await apiServer.stop();
    await etcd.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const kubeconfig = file(
    'kubeconfig',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [
        {
          name: 'test',
          cluster: { server, 'insecure-skip-tls-verify': true },
        },
      ],
      users: [{ name: 'test', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    }),
  );
  try {
    await eventually(
      'the API server is ready',
      async () => {
        if (apiServer.child.exitCode !== null) {
          throw new Error(`it ended: ${apiServer.errors().slice(-2000)}`);
        }
        return (await status(`${server}/readyz`, token)) === 200;
      },
      90_000,
    );
    await eventually('namespaces exist', async () => {
      const code = await status(
        `${server}/api/v1/namespaces/kube-system`,
        token,
      );
      return code === 200;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, kubeconfig, stop };
}

function status(url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = https.get(
      url,
      {
        rejectUnauthorized: false,
        headers: { Authorization: `Bearer ${token}` },
        timeout: 5_000,
      },
      response => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on('error', reject);
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map(server => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(
    servers.map(server => new Promise(resolve => server.close(resolve))),
  );
  return ports;
}
