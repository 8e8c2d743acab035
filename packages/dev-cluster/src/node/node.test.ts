import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunningApiServer, startApiServer } from '../api-server/startApiServer';
import { KubeClient } from './api/KubeClient';
import { Resource, resourcePath, ResourceType, types } from './api/Resource';
import { Pod, ReplicaSet } from './controllers/Workload';
import { RunningNode, startNode } from './index';

jest.setTimeout(60_000);

const program = `
const fs = require('fs');
const root = process.env.LIFEBOAT_POD_ROOT;
fs.appendFileSync(root + '/data/starts', 'x');
console.log('started as ' + process.env.NAME);
process.on('SIGTERM', () => { console.log('ending'); process.exit(0); });
require('http').createServer((request, response) => {
  if (request.url === '/crash') process.exit(3);
  response.end(JSON.stringify({
    greeting: process.env.GREETING,
    password: process.env.PASSWORD,
    file: fs.readFileSync(root + '/etc/conf/greeting', 'utf8'),
    token: fs.existsSync(root + '/var/run/secrets/kubernetes.io/serviceaccount/token'),
    starts: fs.readFileSync(root + '/data/starts', 'utf8').length,
  }));
}).listen(process.env.PORT_8080, '127.0.0.1');
`;

const folder = mkdtempSync(join(tmpdir(), 'dev-node-'));
const stop = new AbortController();
const lines: string[] = [];
let server: RunningApiServer;
let node: RunningNode;
let client: KubeClient;

async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end)
      throw new Error(`in vain: ${what}\n${lines.join('\n')}`);
    await sleep(50);
  }
}

async function namespace(name: string): Promise<string> {
  await client.create(types.namespaces, undefined, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
  await eventually('the default service account', () =>
    client.find(types.serviceAccounts, name, 'default'),
  );
  return name;
}

async function list<T extends Resource>(
  type: ResourceType,
  inNamespace: string,
): Promise<T[]> {
  const answer = await client.request<{ items: T[] }>(
    'GET',
    resourcePath(type, inNamespace),
  );
  return answer.items;
}

const podTemplate = (app: string, image = 'example/none') => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image }] },
});

const deployment = (name: string, replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: podTemplate(name),
  },
});

beforeAll(async () => {
  server = await startApiServer({ port: 0 });
  const kubeconfigFile = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigFile, server.kubeconfig);
  writeFileSync(join(folder, 'program.cjs'), program);
  const runtimesFile = join(folder, 'runtimes.json');
  writeFileSync(
    runtimesFile,
    JSON.stringify({
      images: {
        'test/server': { command: ['{node}', join(folder, 'program.cjs')] },
      },
    }),
  );
  client = await KubeClient.fromKubeconfig(kubeconfigFile);
  node = await startNode({
    kubeconfigFile,
    runtimesFile,
    volumesDirectory: join(folder, 'volumes'),
    kubeletToken: server.kubeletToken,
    signal: stop.signal,
    log: line => lines.push(line),
  });
});

afterAll(async () => {
  await node?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('workloads without a local runtime', () => {
  it('gives a Deployment its ReplicaSet and running pods, rolls it out, and removes all of it', async () => {
    const n = await namespace('deployments');
    await client.create(types.deployments, n, deployment('web', 3));
    const available = (image: string) => async () => {
      const pods = await list<Pod>(types.pods, n);
      const now = await client.get<Resource<unknown, Record<string, number>>>(
        types.deployments,
        n,
        'web',
      );
      return (
        now.status?.observedGeneration === now.metadata.generation &&
        now.status?.availableReplicas === 3 &&
        now.status?.updatedReplicas === 3 &&
        pods.length === 3 &&
        pods.every(pod => pod.spec?.containers[0].image === image)
      );
    };
    await eventually('three pods', available('example/none'));
    await client.patch(types.deployments, n, 'web', {
      spec: {
        template: {
          spec: { containers: [{ name: 'c', image: 'example/new' }] },
        },
      },
    });
    await eventually('the new image', available('example/new'));
    const sets = await list<ReplicaSet>(types.replicaSets, n);
    expect(sets.map(set => set.spec?.replicas).sort()).toEqual([0, 3]);
    await client.delete(types.deployments, n, 'web', {
      propagationPolicy: 'Background',
    });
    await eventually(
      'an empty namespace',
      async () =>
        (await list(types.pods, n)).length === 0 &&
        (await list(types.replicaSets, n)).length === 0,
    );
  });

  it('adopts a ReplicaSet and pods that come without owners, as after a restore', async () => {
    const n = await namespace('adoption');
    await client.create(types.deployments, n, deployment('web', 1));
    const [set] = await eventually('the set', async () => {
      const sets = await list<ReplicaSet>(types.replicaSets, n);
      return sets.length === 1 && sets;
    });
    await client.delete(types.deployments, n, 'web', {
      propagationPolicy: 'Orphan',
    });
    await eventually('an orphan', async () => {
      const orphan = await client.get(types.replicaSets, n, set.metadata.name);
      return !orphan.metadata.ownerReferences?.length;
    });
    await eventually(
      'the end of the Deployment',
      async () => !(await client.find(types.deployments, n, 'web')),
    );
    const again = await client.create<Resource>(
      types.deployments,
      n,
      deployment('web', 1),
    );
    const adopted = await eventually('adoption', async () => {
      const now = await client.get(types.replicaSets, n, set.metadata.name);
      return now.metadata.ownerReferences?.length ? now : undefined;
    });
    expect(adopted.metadata.ownerReferences).toMatchObject([
      { kind: 'Deployment', name: 'web', uid: again.metadata.uid },
    ]);
    expect(await list(types.replicaSets, n)).toHaveLength(1);
  });

  it('completes a Job', async () => {
    const n = await namespace('jobs');
    await client.create(types.jobs, n, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'c', image: 'example/none' }],
          },
        },
      },
    });
    const status = await eventually('completion', async () => {
      const job = await client.get<
        Resource<
          unknown,
          { succeeded?: number; conditions?: { type: string }[] }
        >
      >(types.jobs, n, 'once');
      return (
        job.status?.conditions?.some(each => each.type === 'Complete') &&
        job.status
      );
    });
    expect(status.succeeded).toBe(1);
  });

  it('waits for all dependents in foreground deletion', async () => {
    const n = await namespace('foreground');
    await client.create(types.deployments, n, deployment('web', 2));
    await eventually(
      'pods',
      async () => (await list(types.pods, n)).length === 2,
    );
    await client.delete(types.deployments, n, 'web', {
      propagationPolicy: 'Foreground',
    });
    await eventually(
      'the end of the Deployment',
      async () => !(await client.find(types.deployments, n, 'web')),
    );
    expect(await list(types.pods, n)).toEqual([]);
  });

  it('gives Routes a host and admits them', async () => {
    const n = await namespace('routes');
    await client.create(types.routes, n, {
      apiVersion: 'route.openshift.io/v1',
      kind: 'Route',
      metadata: { name: 'web' },
      spec: { to: { kind: 'Service', name: 'web' } },
    });
    const route = await eventually('admission', async () => {
      const now = await client.get<
        Resource<{ host?: string }, { ingress?: { host: string }[] }>
      >(types.routes, n, 'web');
      return now.status?.ingress?.[0] && now;
    });
    expect(route.spec?.host).toBe(`web-${n}.apps.dev-cluster.lifeboat.dev`);
  });
});

describe('pods with a local runtime', () => {
  const stateful = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 1,
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: {
          containers: [
            {
              name: 'server',
              image: 'test/server:1.0',
              ports: [{ name: 'http', containerPort: 8080 }],
              env: [
                {
                  name: 'NAME',
                  valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
                },
                {
                  name: 'GREETING',
                  valueFrom: {
                    configMapKeyRef: { name: 'conf', key: 'greeting' },
                  },
                },
                {
                  name: 'PASSWORD',
                  valueFrom: { secretKeyRef: { name: 'sec', key: 'password' } },
                },
              ],
              readinessProbe: { httpGet: { path: '/', port: 'http' } },
              volumeMounts: [
                { name: 'data', mountPath: '/data' },
                { name: 'conf', mountPath: '/etc/conf' },
              ],
            },
          ],
          volumes: [{ name: 'conf', configMap: { name: 'conf' } }],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
          },
        },
      ],
    },
  };
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'conf' },
    data: { greeting: 'hello' },
  };

  const proxy = (n: string, path: string) =>
    resourcePath(types.services, n, 'db:http', `proxy${path}`);

  async function readyPod(n: string): Promise<Pod> {
    return eventually('a ready pod', async () => {
      const pod = await client.find<Pod>(types.pods, n, 'db-0');
      const ready = pod?.status?.conditions?.some(
        each => each.type === 'Ready' && each.status === 'True',
      );
      return ready && !pod?.metadata.deletionTimestamp && pod;
    });
  }

  it('run as processes with env, mounts, volume, logs and service, and end with their namespace', async () => {
    const n = await namespace('processes');
    await client.create(types.secrets, n, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'sec' },
      data: { password: Buffer.from('geheim').toString('base64') },
    });
    await client.create(types.services, n, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db' },
      spec: {
        selector: { app: 'db' },
        ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      },
    });
    await client.create(types.statefulSets, n, stateful);
    await eventually('a pod that waits for its ConfigMap', async () => {
      const pod = await client.find<Pod>(types.pods, n, 'db-0');
      return pod?.status?.containerStatuses?.[0].state.waiting?.message?.includes(
        'configmap "conf" not found',
      );
    });
    await client.create(types.configMaps, n, configMap);
    await readyPod(n);

    const page = await eventually('the service', () =>
      client
        .request<Record<string, unknown>>('GET', proxy(n, '/'))
        .catch(() => undefined),
    );
    expect(page).toEqual({
      greeting: 'hello',
      password: 'geheim',
      file: 'hello',
      token: true,
      starts: 1,
    });

    const volumes = join(folder, 'volumes', 'claims');
    const [claim] = readdirSync(volumes);
    expect(readFileSync(join(volumes, claim, 'starts'), 'utf8')).toBe('x');

    await client.patch(types.configMaps, n, 'conf', {
      data: { greeting: 'good evening' },
    });
    await eventually('the changed file', async () => {
      const now = await client.request<{ file: string }>('GET', proxy(n, '/'));
      return now.file === 'good evening';
    });

    await client.request('GET', proxy(n, '/crash')).catch(() => undefined);
    await eventually('a restart', async () => {
      const pod = await client.get<Pod>(types.pods, n, 'db-0');
      return pod.status?.containerStatuses?.[0].restartCount === 1;
    });
    await readyPod(n);

    await client.delete(types.pods, n, 'db-0');
    const after = await eventually('the next pod', () =>
      client
        .request<{ starts: number; greeting: string }>('GET', proxy(n, '/'))
        .then(answer => answer.starts === 3 && answer)
        .catch(() => undefined),
    );
    expect(after.greeting).toBe('good evening');

    await client.delete(types.namespaces, undefined, n);
    await eventually(
      'the end of the namespace',
      async () => !(await client.find(types.namespaces, undefined, n)),
    );
    await eventually(
      'the end of the volume',
      async () => readdirSync(volumes).length === 0,
    );
  });

  it('give their logs only to who knows the token', async () => {
    const [{ status }] = await list<
      Resource<
        unknown,
        { daemonEndpoints: { kubeletEndpoint: { Port: number } } }
      >
    >(types.nodes, '');
    const port = status?.daemonEndpoints.kubeletEndpoint.Port;
    const code = await new Promise(resolve => {
      http.get(`http://127.0.0.1:${port}/containerLogs/a/b/c`, response => {
        response.resume();
        resolve(response.statusCode);
      });
    });
    expect(code).toBe(401);
  });
});
