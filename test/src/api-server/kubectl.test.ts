import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../cluster/eventually';
import { startDevCluster } from '../cluster/startDevCluster';

jest.setTimeout(60_000);

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat', shortNames: ['bt'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.seats',
            statusReplicasPath: '.status.seats',
          },
        },
        additionalPrinterColumns: [
          { name: 'Seats', type: 'integer', jsonPath: '.spec.seats' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  seats: { type: 'integer', description: 'How many fit.' },
                },
              },
              status: {
                type: 'object',
                'x-kubernetes-preserve-unknown-fields': true,
              },
            },
          },
        },
      },
    ],
  },
};
const boat = (name: string, spec: object) => ({
  apiVersion: 'example.com/v1',
  kind: 'Boat',
  metadata: { name },
  spec,
});

describe('a real kubectl on dev-cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  const program = join(process.env.KUBEBUILDER_ASSETS ?? '', 'kubectl');
  let cluster: Awaited<ReturnType<typeof startDevCluster>>;

  beforeAll(async () => {
    const runtimes = join(folder, 'runtimes.json');
    const script =
      "console.log('hello'); require('http').createServer((q, r) => r.end('served')).listen(process.env.PORT_80, '127.0.0.1')";
    writeFileSync(
      runtimes,
      JSON.stringify({
        images: { web: { command: ['{node}', '-e', script] } },
      }),
    );
    cluster = await startDevCluster({ runtimes });
  });

  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = () => ({
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    HOME: folder,
  });
  const kubectl = (args: string, input?: object | string): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(
        program,
        args.match(/'[^']*'|\S+/g)?.map(a => a.replace(/^'|'$/g, '')),
        { env: environment(), timeout: 30_000 },
        (error, stdout, stderr) =>
          error
            ? reject(new Error(`kubectl ${args}: ${stdout}${stderr}`))
            : resolve(stdout),
      );
      child.stdin?.end(
        typeof input === 'object' ? JSON.stringify(input) : input,
      );
    });

  it('creates, gets, describes, edits and deletes a custom resource', async () => {
    await kubectl('create -f -', definition);
    await kubectl(
      'wait --for condition=established crd/boats.example.com --timeout 10s',
    );
    expect(await kubectl('create -f -', boat('one', { seats: 2 }))).toBe(
      'boat.example.com/one created\n',
    );
    await expect(
      kubectl('create -f -', boat('two', { seats: 2, sails: 1 })),
    ).rejects.toThrow('unknown field "spec.sails"');
    await expect(
      kubectl('create -f -', boat('two', { seats: 'many' })),
    ).rejects.toThrow('spec.seats in body must be of type integer');
    expect(await kubectl('get bt')).toMatch(/NAME\s+SEATS\none\s+2\n/);
    expect(await kubectl('describe boat one')).toMatch(/Seats:\s+2/);
    expect(await kubectl('explain boat.spec.seats')).toContain('How many fit.');
    await kubectl('apply -f -', boat('one', { seats: 3 }));
    expect(await kubectl('apply -f -', boat('one', { seats: 3 }))).toContain(
      'unchanged',
    );
    await kubectl('scale boat one --replicas 4');
    await kubectl('label boat one colour=red');
    await kubectl('annotate boat one note=x');
    await kubectl(
      'patch boat one --type merge --subresource status -p {"status":{"phase":"Afloat"}}',
    );
    expect(JSON.parse(await kubectl('get boat one -o json'))).toMatchObject({
      metadata: { labels: { colour: 'red' }, generation: 3 },
      spec: { seats: 4 },
      status: { phase: 'Afloat' },
    });
    await kubectl(
      'wait --for jsonpath={.status.phase}=Afloat boat/one --timeout 5s',
    );
    await kubectl('delete boat one');
    await expect(kubectl('get boat one')).rejects.toThrow('NotFound');
    await expect(
      kubectl('apply --server-side -f -', boat('one', {})),
    ).rejects.toThrow(/server-side apply is not supported/i);
  });

  it('watches', async () => {
    const child = spawn(program, ['get', 'configmaps', '-w', '--no-headers'], {
      env: environment(),
    });
    let text = '';
    child.stdout.on('data', chunk => {
      text += chunk;
    });
    try {
      await eventually('the watch runs', () => text !== '');
      await kubectl('create configmap seen --from-literal a=b');
      await eventually('the new one is shown', () => /^seen\s+1/m.test(text));
      await kubectl('patch configmap seen --type merge -p {"data":{"c":"d"}}');
      await eventually('and its change', () => /^seen\s+2/m.test(text));
      expect(text).not.toContain('NAME');
    } finally {
      child.kill();
    }
  });

  it('makes built-in objects by its own commands, which speak protobuf', async () => {
    await kubectl('create namespace made');
    await eventually('its account', () =>
      kubectl('-n made get serviceaccount default').then(Boolean, () => false),
    );
    await kubectl('-n made create secret generic s --from-literal p=geheim');
    expect(await kubectl('-n made get secret s -o jsonpath={.data.p}')).toBe(
      Buffer.from('geheim').toString('base64'),
    );
    await kubectl(
      '-n made create deployment web --image=web --port 80 --replicas 0',
    );
    await kubectl('-n made create service clusterip web --tcp 80:80');
    await kubectl('-n made create role r --verb get --resource pods');
    await kubectl(
      '-n made create rolebinding r --role r --serviceaccount made:default',
    );
    await kubectl('-n made create quota q --hard pods=2');
    await kubectl('-n made autoscale deployment web --max 3');
    await kubectl('-n made set env deployment/web A=b');
    expect(
      JSON.parse(await kubectl('-n made get deployment web -o json')).spec,
    ).toMatchObject({
      replicas: 0,
      template: {
        spec: {
          containers: [
            {
              env: [{ name: 'A', value: 'b' }],
              ports: [{ containerPort: 80, protocol: 'TCP' }],
            },
          ],
        },
      },
    });
    expect(
      await kubectl(
        '-n made auth can-i get pods --as system:serviceaccount:made:default',
      ),
    ).toBe('yes\n');
    expect(await kubectl('-n made create token default')).toMatch(/^ey/);
    await kubectl('delete namespace made --timeout 20s');
  });

  it('runs a pod: logs, exec, proxy', async () => {
    await kubectl('create deployment web --image=web --port 80');
    await kubectl('rollout status deployment/web --timeout 20s');
    await eventually('its log', async () =>
      (await kubectl('logs deployment/web')).includes('hello'),
    );
    const pod = (await kubectl('get pods -l app=web -o name')).trim();
    expect(await kubectl(`exec ${pod} -- echo inside`)).toBe('inside\n');
    expect(await kubectl(`exec -i ${pod} -- cat`, 'through')).toBe('through');
    await expect(kubectl(`exec ${pod} -- sh -c 'exit 3'`)).rejects.toThrow(
      'exit code 3',
    );
    await kubectl('expose deployment web --port 80');
    await eventually('the service answers', async () => {
      const path = '/api/v1/namespaces/default/services/web:80/proxy/';
      return (await kubectl(`get --raw ${path}`)) === 'served';
    });
    const follow = spawn(program, ['logs', '-f', pod], { env: environment() });
    let text = '';
    follow.stdout.on('data', chunk => {
      text += chunk;
    });
    await eventually('the log followed', () => text.includes('hello'));
    await sleep(300);
    expect(follow.exitCode).toBeNull();
    follow.kill();
    expect(await kubectl(`describe ${pod}`)).toMatch(/Status:\s+Running/);
    await kubectl('delete deployment web');
  });

  it('says plainly what there is not', async () => {
    await expect(
      kubectl('apply -f -', {
        apiVersion: 'none.example.com/v1',
        kind: 'None',
        metadata: { name: 'a' },
      }),
    ).rejects.toThrow('no matches for kind "None"');
    await expect(kubectl('get nothings')).rejects.toThrow(
      `the server doesn't have a resource type "nothings"`,
    );
    expect(await kubectl('api-resources -o name')).toContain(
      'deployments.apps',
    );
  });
});
