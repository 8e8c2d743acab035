// A Backstage backend that has only the packed packages: starts it on an embedded cluster, signs in as a guest, backs a
// component up through the REST API and waits for the end. Arguments: port, program of the embedded cluster.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const { coreTypes, createClusterClient, veleroTypes } = require('@lifeboat/engine');
const { customResourceDefinitions } = require('@lifeboat/velero-api');
const { BackupClient } = require('@lifeboat/backstage-plugin-backup-common');

const [port, clusterProgram] = process.argv.slice(2);
const base = `http://localhost:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'lifeboat-packed-run-'));
const kubeconfig = join(folder, 'kubeconfig');
const children = [];
let backendLog = '';

function start(args, env = {}) {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

async function until(what, seconds, condition) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const value = await condition();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await sleep(250);
  }
  throw new Error(`${what}: not within ${seconds} s${last ? ` (${last.message})` : ''}`);
}

async function story() {
  const cluster = start([clusterProgram, '--kubeconfig', kubeconfig, '--volumes', join(folder, 'volumes')]);
  await new Promise(resolve => createInterface({ input: cluster.stdout }).once('line', resolve));
  const client = createClusterClient({ name: 'packed', kubeconfig });

  for (const definition of customResourceDefinitions) await client.create(coreTypes.customResourceDefinitions, definition, {});
  await client.create(coreTypes.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'openshift-adp' } }, {});
  await client.create(
    coreTypes.namespaces,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations: { 'lifeboat.dev/entities': '["component:default/orders"]' } } },
    {},
  );
  await client.create(
    coreTypes.configMaps,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'greeting', namespace: 'shop', labels: { app: 'orders' } }, data: { text: 'hello' } },
    {},
  );
  mkdirSync(join(folder, 'bucket'));
  await until('storage location resource', 20, () =>
    client.create(
      veleroTypes.backupStorageLocations,
      {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { name: 'default', namespace: 'openshift-adp' },
        spec: { provider: 'lifeboat.dev/filesystem', default: true, objectStorage: { bucket: 'packed' }, config: { path: join(folder, 'bucket') } },
      },
      {},
    ),
  );

  const entities = join(folder, 'entities.yaml');
  writeFileSync(
    entities,
    `apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: guest }
spec: { memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: orders
  annotations:
    backstage.io/kubernetes-cluster: packed
    backstage.io/kubernetes-namespace: shop
    backstage.io/kubernetes-label-selector: app=orders
spec: { type: service, lifecycle: production, owner: 'user:default/guest' }
`,
  );
  const configuration = join(folder, 'app-config.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      app: { baseUrl: base },
      backend: { baseUrl: base, listen: { host: '127.0.0.1', port: Number(port) }, database: { client: 'better-sqlite3', connection: ':memory:' } },
      auth: { providers: { guest: { userEntityRef: 'user:default/guest' } } },
      catalog: { rules: [{ allow: ['Component', 'User'] }], locations: [{ type: 'file', target: entities }] },
      backup: { clusters: [{ name: 'packed', kubeconfig }] },
    }),
  );
  const backend = start(['backend.cjs', '--config', configuration]);
  backend.stdout.on('data', text => (backendLog = `${backendLog}${text}`.slice(-10_000)));

  let token;
  const guest = async () => {
    if (token) return token;
    const response = await fetch(`${base}/api/auth/guest/refresh`, { method: 'POST', headers: { 'x-requested-with': 'XMLHttpRequest' } });
    token = (await response.json()).backstageIdentity.token;
    return token;
  };
  const api = new BackupClient({
    discoveryApi: { getBaseUrl: async plugin => `${base}/api/${plugin}` },
    fetchApi: { fetch: async (url, init) => fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${await guest()}` } }) },
  });
  const orders = { kind: 'component', namespace: 'default', name: 'orders' };
  await until('storage available for the component', 60, async () => {
    const protection = await api.getProtection(orders);
    return protection.storage.some(({ state }) => state === 'available') && protection.engine.state === 'running';
  });
  const { name } = await api.createRecoveryPoint(orders, {});
  const point = await until('end of the backup', 60, async () => {
    const current = await api.getRecoveryPoint(orders, name);
    return ['done', 'failed', 'needs-attention'].includes(current.state) && current;
  });
  if (point.state !== 'done' || !point.resources.some(({ objects }) => objects.some(object => object.endsWith('greeting')))) {
    throw new Error(`The backup ended ${point.state}: ${JSON.stringify(point)}`);
  }
  console.log(`${name}: ${point.state}, ${point.objects} objects`);
}

try {
  await story();
} catch (error) {
  console.error(`${backendLog}\n`, error);
  process.exitCode = 1;
} finally {
  for (const child of children.reverse()) {
    if (child.exitCode === null) {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(10_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))]);
    }
  }
  rmSync(folder, { recursive: true, force: true });
}
