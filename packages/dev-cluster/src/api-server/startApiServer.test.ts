import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiServerOptions,
  RunningApiServer,
  startApiServer,
} from './startApiServer';

type Answer = { code: number; text: string; body: any };

function call(
  server: RunningApiServer,
  method: string,
  path: string,
  body?: unknown,
  token = server.token,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ca: server.certificateAuthority });
    const outgoing = request(
      new URL(path, server.url),
      {
        agent,
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type':
            method === 'PATCH'
              ? 'application/merge-patch+json'
              : 'application/json',
        },
      },
      response => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', chunk => {
          text += chunk;
        });
        response.on('end', () => {
          agent.destroy();
          const lines = text.trim().split('\n');
          resolve({
            code: response.statusCode ?? 0,
            text,
            body: text.startsWith('{') ? JSON.parse(lines[0]) : undefined,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(
      typeof body === 'string' || body === undefined
        ? body
        : JSON.stringify(body),
    );
  });
}

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('startApiServer', () => {
  const running: RunningApiServer[] = [];
  const folders: string[] = [];
  const start = async (options: Partial<ApiServerOptions> = {}) => {
    const server = await startApiServer({ port: 0, ...options });
    running.push(server);
    return server;
  };

  afterEach(async () => {
    await Promise.all(running.splice(0).map(s => s.stop()));
    for (const folder of folders.splice(0)) {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('starts in less than two seconds, on the loopback address, with a token of its own', async () => {
    const before = performance.now();
    const [one, two] = [await start(), await start()];
    expect(performance.now() - before).toBeLessThan(4000);
    expect(one.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(one.token).not.toBe(two.token);
    expect((await call(one, 'GET', '/api/v1/pods')).code).toBe(200);
    expect(
      (await call(one, 'GET', '/api/v1/pods', undefined, two.token)).code,
    ).toBe(401);
  });

  it('keeps objects, versions and large integers in a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dev-cluster-state-'));
    folders.push(folder);
    const first = await start({ stateDirectory: folder });
    await call(
      first,
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      {
        metadata: { name: 'things.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  'x-kubernetes-preserve-unknown-fields': true,
                },
              },
            },
          ],
        },
      },
    );
    const things = '/apis/example.com/v1/namespaces/default/things';
    const made = await call(
      first,
      'POST',
      things,
      '{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"a"},"n":9007199254740993}',
    );
    expect(made.code).toBe(201);
    await call(first, 'POST', configMaps, { metadata: { name: 'gone' } });
    await call(first, 'DELETE', `${configMaps}/gone`);
    const namespace = await call(first, 'GET', '/api/v1/namespaces/default');
    await first.stop();

    // A process that dies while it writes leaves half a line.
    const file = join(folder, 'objects.jsonl');
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"revision":99,"coll`);

    const second = await start({ stateDirectory: folder });
    const found = await call(second, 'GET', `${things}/a`);
    expect(found.text).toContain('"n":9007199254740993');
    expect(found.body.metadata).toEqual(made.body.metadata);
    expect((await call(second, 'GET', `${configMaps}/gone`)).code).toBe(404);
    expect(
      (await call(second, 'GET', '/api/v1/namespaces/default')).body,
    ).toEqual(namespace.body);
    const next = await call(second, 'POST', configMaps, {
      metadata: { name: 'next' },
    });
    expect(Number(next.body.metadata.resourceVersion)).toBeGreaterThan(
      Number(made.body.metadata.resourceVersion),
    );
    const old = await call(
      second,
      'GET',
      `${things}?watch=true&timeoutSeconds=1&resourceVersion=${made.body.metadata.resourceVersion}`,
    );
    expect(old.body).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  it('survives a watcher that does not read: its time is over, and changes go on', async () => {
    const server = await start({});
    const agent = new Agent({ ca: server.certificateAuthority });
    const silent = request(
      new URL(`${configMaps}?watch=true&timeoutSeconds=1`, server.url),
      { agent, headers: { Authorization: `Bearer ${server.token}` } },
      response => response.pause(),
    );
    silent.on('error', () => undefined);
    silent.end();
    const create = async (name: string) =>
      call(server, 'POST', configMaps, {
        metadata: { name },
        data: { text: 'x'.repeat(900_000) },
      });
    for (let index = 0; index < 12; index += 1) await create(`large-${index}`);
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect((await create('after-its-end')).code).toBe(201);
    agent.destroy();
  });

  it('answers 410 to watches and pages from before its window', async () => {
    const server = await start({ watchWindow: 3 });
    const first = await call(server, 'POST', configMaps, {
      metadata: { name: 'a' },
    });
    await call(server, 'POST', configMaps, { metadata: { name: 'b' } });
    const page = await call(server, 'GET', `${configMaps}?limit=1`);
    for (let i = 0; i < 8; i++) {
      await call(server, 'PATCH', `${configMaps}/a`, {
        data: { i: String(i) },
      });
    }
    const version = first.body.metadata.resourceVersion;
    const watch = await call(
      server,
      'GET',
      `${configMaps}?watch=true&timeoutSeconds=1&resourceVersion=${version}`,
    );
    expect(watch.code).toBe(200);
    expect(watch.body).toMatchObject({
      type: 'ERROR',
      object: { code: 410, reason: 'Expired' },
    });
    const rest = await call(
      server,
      'GET',
      `${configMaps}?limit=1&continue=${page.body.metadata.continue}`,
    );
    expect(rest).toMatchObject({ code: 410, body: { reason: 'Expired' } });
  });

  it('refuses with a Status what it cannot do', async () => {
    const server = await start();
    const refused = [
      await call(
        server,
        'POST',
        '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
        { metadata: { name: 'a' } },
      ),
      await call(server, 'GET', '/apis/metrics.k8s.io/v1beta1/nodes'),
      await call(server, 'POST', configMaps, 'x'.repeat(4 * 1024 * 1024)),
    ];
    expect(refused.map(r => [r.code, r.body.kind, r.body.reason])).toEqual([
      [405, 'Status', 'MethodNotAllowed'],
      [404, 'Status', 'NotFound'],
      [413, 'Status', 'RequestEntityTooLarge'],
    ]);
  });
});
