import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  events,
  failure,
  json,
  startFakeApiServer,
} from '../testing/fakeApiServer';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
} from './ApiError';
import type { ClusterClient, WatchEvent } from './ClusterClient';
import { createClusterClient } from './createClusterClient';
import { stringifyJson } from './json';
import { coreTypes, veleroTypes } from './knownTypes';
import { withFence } from './withFence';

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (_ms: number, signal?: AbortSignal) => {
    await new Promise(resolve => setImmediate(resolve));
    signal?.throwIfAborted();
  },
};

let server: Awaited<ReturnType<typeof startFakeApiServer>>;
let client: ClusterClient & { close(): void };

beforeEach(async () => {
  server = await startFakeApiServer();
  client = createClusterClient(
    { name: 'test', url: server.url, token: 'secret' },
    { clock, timeoutMs: 500 },
  );
});

afterEach(async () => {
  client.close();
  await server.stop();
});

function configMap(name: string, version = '1', uid = `uid-${name}`) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', uid, resourceVersion: version },
  };
}

function page(names: string[], more?: string, version = '10') {
  return json({
    apiVersion: 'v1',
    kind: 'ConfigMapList',
    metadata: { resourceVersion: version, ...(more ? { continue: more } : {}) },
    items: names.map(name => ({
      metadata: {
        name,
        namespace: 'shop',
        uid: `uid-${name}`,
        resourceVersion: '1',
      },
    })),
  });
}

async function listedNames(pageSize?: number): Promise<string[]> {
  const found: string[] = [];
  for await (const object of client.list(coreTypes.configMaps, {
    namespace: 'shop',
    ...(pageSize ? { pageSize } : {}),
  })) {
    found.push(object.metadata.name ?? '');
  }
  return found;
}

describe('reads', () => {
  it('sends the token and gives back objects as they came', async () => {
    const text =
      '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"unknown":{"n":9007199254740993}}';
    server.answer(json(text));
    const found = await client.get(coreTypes.secrets, {
      namespace: 'shop',
      name: 'a',
    });
    expect(stringifyJson(found)).toBe(text);
    expect(server.requests[0]).toMatchObject({
      path: '/api/v1/namespaces/shop/secrets/a',
      headers: { authorization: 'Bearer secret' },
    });
  });

  it('tells a missing object from a missing resource type', async () => {
    server.answer(failure(404, 'NotFound', { name: 'a', kind: 'secrets' }));
    expect(
      await client.get(coreTypes.secrets, { namespace: 'shop', name: 'a' }),
    ).toBeUndefined();
    server.answer(json('404 page not found\n', 404));
    await expect(
      client.get(veleroTypes.backups, { namespace: 'shop', name: 'a' }),
    ).rejects.toThrow('404 page not found');
  });

  it('fails with what the server said', async () => {
    server.answer(failure(403, 'Forbidden', { name: 'a' }));
    const error = await client
      .get(coreTypes.secrets, { namespace: 'shop', name: 'a' })
      .catch(e => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(isForbidden(error)).toBe(true);
    expect(error.message).toBe('Forbidden from the test');
  });

  it('refuses names that would be another path', async () => {
    for (const name of ['', '..', 'a/b']) {
      await expect(
        client.get(coreTypes.secrets, { namespace: 'shop', name }),
      ).rejects.toThrow('cannot be the name');
    }
    expect(server.requests).toEqual([]);
  });

  it('tries again what may pass, and gives up on what does not', async () => {
    server.answer(
      failure(429, 'TooManyRequests', { retryAfterSeconds: 1 }),
      failure(503, 'ServiceUnavailable'),
      (_request, response) => response.destroy(),
      json(configMap('a')),
    );
    const found = await client.get(coreTypes.configMaps, {
      namespace: 'shop',
      name: 'a',
    });
    expect(found?.metadata.name).toBe('a');
    expect(server.requests).toHaveLength(4);

    server.answer(failure(503, 'ServiceUnavailable'));
    await expect(listedNames()).rejects.toThrow(
      'ServiceUnavailable from the test',
    );
    expect(server.requests).toHaveLength(9);
  });

  it('does not wait for a silent server', async () => {
    server.answer(() => undefined);
    const impatient = createClusterClient(
      { name: 'test', url: server.url },
      { clock, timeoutMs: 50, attempts: 2 },
    );
    await expect(
      impatient.get(coreTypes.configMaps, { namespace: 'shop', name: 'a' }),
    ).rejects.toThrow('took longer than 50 ms');
    impatient.close();
    expect(server.requests).toHaveLength(2);
  });

  it('stops when its signal is aborted', async () => {
    server.answer(() => undefined);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 30);
    await expect(
      client.get(
        coreTypes.configMaps,
        { namespace: 'shop', name: 'a' },
        { signal: abort.signal },
      ),
    ).rejects.toThrow('enough');
  });

  it('reads the credentials again when they are refused', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-token-'));
    const tokenFile = path.join(folder, 'token');
    writeFileSync(tokenFile, 'old\n');
    const rotating = createClusterClient(
      { name: 'test', url: server.url, tokenFile },
      { clock },
    );
    server.answer((request, response) => {
      if (request.headers.authorization === 'Bearer new') {
        json(configMap('a'))(request, response);
      } else {
        writeFileSync(tokenFile, 'new\n');
        failure(401, 'Unauthorized')(request, response);
      }
    });
    const found = await rotating.get(coreTypes.configMaps, {
      namespace: 'shop',
      name: 'a',
    });
    expect(found?.metadata.name).toBe('a');
    rotating.close();
    rmSync(folder, { recursive: true });
  });

  it('accepts plain HTTP on this machine only', async () => {
    const remote = createClusterClient(
      { name: 'far', url: 'http://cluster.example', token: 'secret' },
      { clock },
    );
    await expect(
      remote.get(coreTypes.namespaces, { name: 'a' }),
    ).rejects.toThrow('http://cluster.example is not encrypted');
  });
});

describe('lists', () => {
  it('go page by page and fill in kind and version', async () => {
    server.answer(page(['a', 'b'], 'next'), page(['c']));
    const found = [];
    for await (const object of client.list(coreTypes.configMaps, {
      namespace: 'shop',
      labelSelector: 'app=orders',
      pageSize: 2,
    })) {
      found.push(object);
    }
    expect(found.map(object => object.metadata.name)).toEqual(['a', 'b', 'c']);
    expect(found[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(Object.fromEntries(server.requests[1].query)).toEqual({
      labelSelector: 'app=orders',
      limit: '2',
      continue: 'next',
    });
  });

  it('start over without pages when the server forgot where they were, and repeat nothing', async () => {
    server.answer(
      page(['a', 'b'], 'next'),
      failure(410, 'Expired'),
      page(['a', 'b', 'b2', 'c']),
    );
    expect(await listedNames(2)).toEqual(['a', 'b', 'b2', 'c']);
    expect(server.requests[2].query.get('limit')).toBeNull();
    expect(server.requests[2].query.get('continue')).toBeNull();
  });

  it('go on with the token that an expired one is answered with, page by page', async () => {
    server.answer(
      page(['a', 'b'], 'first'),
      json(
        {
          kind: 'Status',
          code: 410,
          reason: 'Expired',
          metadata: { continue: 'offered' },
        },
        410,
      ),
      page(['b2', 'c'], 'third'),
      page(['d']),
    );
    expect(await listedNames(2)).toEqual(['a', 'b', 'b2', 'c', 'd']);
    expect(
      server.requests.map(request => [
        request.query.get('limit'),
        request.query.get('continue'),
      ]),
    ).toEqual([
      ['2', null],
      ['2', 'first'],
      ['2', 'offered'],
      ['2', 'third'],
    ]);
  });

  it('do not ask forever with a token that is offered again and again', async () => {
    const expired = json(
      { kind: 'Status', code: 410, metadata: { continue: 'same' } },
      410,
    );
    server.answer(page(['a'], 'same'), expired, page(['a', 'b']));
    expect(await listedNames(1)).toEqual(['a', 'b']);
    expect(server.requests[2].query.get('continue')).toBeNull();
  });

  it('take shorter pages when the objects are too large for memory', async () => {
    const small = createClusterClient(
      { name: 'test', url: server.url, token: 'secret' },
      { clock, maxResponseBytes: 5_000 },
    );
    server.answer((request, response) => {
      const limit = Number(request.query.get('limit'));
      const names = limit > 10 ? ['x'.repeat(6_000)] : ['a'];
      page(names)(request, response);
    });
    const found: string[] = [];
    for await (const object of small.list(coreTypes.configMaps)) {
      found.push(object.metadata.name ?? '');
    }
    small.close();
    expect(found).toEqual(['a']);
    expect(server.requests.map(request => request.query.get('limit'))).toEqual([
      '500',
      '50',
      '5',
    ]);
  });

  it('take a list without items', async () => {
    server.answer(
      json({ kind: 'ConfigMapList', apiVersion: 'v1', items: null }),
    );
    expect(await listedNames()).toEqual([]);
  });
});

describe('writes', () => {
  it('are not repeated unless the server certainly did nothing', async () => {
    server.answer(failure(503, 'ServiceUnavailable'));
    await expect(
      client.create(coreTypes.configMaps, configMap('a')),
    ).rejects.toThrow('ServiceUnavailable');
    expect(server.requests).toHaveLength(1);

    server.answer(failure(429, 'TooManyRequests'), json(configMap('a', '2')));
    await client.replace(coreTypes.configMaps, configMap('a'));
    expect(server.requests).toHaveLength(3);
  });

  it('tell lost races from taken names and refused objects', async () => {
    server.answer(failure(409, 'Conflict'));
    const conflict = await client
      .replace(coreTypes.configMaps, configMap('a'))
      .catch(e => e);
    expect([isConflict(conflict), isAlreadyExists(conflict)]).toEqual([
      true,
      false,
    ]);
    server.answer(failure(409, 'AlreadyExists'));
    const taken = await client
      .create(coreTypes.configMaps, configMap('a'))
      .catch(e => e);
    expect([isConflict(taken), isAlreadyExists(taken)]).toEqual([false, true]);
    server.answer(failure(422, 'Invalid'));
    const invalid = await client
      .create(coreTypes.configMaps, configMap('a'))
      .catch(e => e);
    expect(isInvalid(invalid)).toBe(true);
  });

  it('send patches, dry runs and preconditions as Kubernetes has them', async () => {
    server.answer(json(configMap('a')));
    await client.patch(
      coreTypes.configMaps,
      { namespace: 'shop', name: 'a' },
      { contentType: 'merge', body: { data: { a: null } } },
      { dryRun: true, subresource: 'status' },
    );
    expect(server.requests[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/shop/configmaps/a/status',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: '{"data":{"a":null}}',
    });
    expect(server.requests[0].query.get('dryRun')).toBe('All');
    await client.delete(
      coreTypes.configMaps,
      { namespace: 'shop', name: 'a' },
      { preconditions: { uid: 'u' }, propagationPolicy: 'Foreground' },
    );
    expect(JSON.parse(server.requests[1].body)).toMatchObject({
      kind: 'DeleteOptions',
      preconditions: { uid: 'u' },
      propagationPolicy: 'Foreground',
    });
    server.answer(failure(404, 'NotFound'));
    expect(
      await client.delete(coreTypes.configMaps, {
        namespace: 'shop',
        name: 'a',
      }),
    ).toBe('not found');
  });

  it('are fenced at the last moment, also between retries', async () => {
    let open = true;
    const fenced = withFence(client, {
      check: () => {
        if (!open) throw new Error('not the leader');
      },
    });
    server.answer((request, response) => {
      open = false;
      failure(429, 'TooManyRequests')(request, response);
    });
    await expect(
      fenced.create(coreTypes.configMaps, configMap('a')),
    ).rejects.toThrow('not the leader');
    expect(server.requests).toHaveLength(1);
    server.answer(json(configMap('a')));
    const found = await fenced.get(coreTypes.configMaps, {
      namespace: 'shop',
      name: 'a',
    });
    expect(found?.metadata.name).toBe('a');
  });
});

describe('watch', () => {
  async function watched(count: number): Promise<string[]> {
    const abort = new AbortController();
    const seen: string[] = [];
    const describeEvent = (event: WatchEvent) =>
      event.type === 'synced'
        ? 'synced'
        : `${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`;
    for await (const event of client.watch(coreTypes.configMaps, {
      namespace: 'shop',
      signal: abort.signal,
    })) {
      seen.push(describeEvent(event));
      if (seen.length === count) abort.abort();
    }
    return seen;
  }

  it('lists, then reports changes', async () => {
    server.answer(
      page(['a']),
      events(
        [
          { type: 'ADDED', object: configMap('b', '11') },
          { type: 'MODIFIED', object: configMap('a', '12') },
          { type: 'DELETED', object: configMap('b', '13') },
        ],
        'stay',
      ),
    );
    expect(await watched(5)).toEqual([
      'added a@1',
      'synced',
      'added b@11',
      'modified a@12',
      'deleted b@13',
    ]);
    expect(server.requests[1].query.get('resourceVersion')).toBe('10');
    expect(server.requests[1].query.get('allowWatchBookmarks')).toBe('true');
  });

  it('goes on after a lost connection from the last bookmark', async () => {
    server.answer(
      page(['a']),
      events(
        [
          { type: 'ADDED', object: configMap('b', '11') },
          {
            type: 'BOOKMARK',
            object: {
              kind: 'ConfigMap',
              apiVersion: 'v1',
              metadata: { resourceVersion: '40' },
            },
          },
        ],
        'break',
      ),
      events([{ type: 'MODIFIED', object: configMap('b', '41') }], 'stay'),
    );
    expect(await watched(4)).toEqual([
      'added a@1',
      'synced',
      'added b@11',
      'modified b@41',
    ]);
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2].query.get('resourceVersion')).toBe('40');
  });

  it.each([
    [
      'as an event',
      events(
        [
          {
            type: 'ERROR',
            object: {
              kind: 'Status',
              code: 410,
              reason: 'Expired',
              message: 'too old',
            },
          },
        ],
        'end',
      ),
    ],
    ['as an answer', failure(410, 'Expired')],
  ])('lists again when its version is too old, told %s', async (_how, gone) => {
    server.answer(
      page(['a', 'b']),
      gone,
      page(['b', 'c'], undefined, '50'),
      events([{ type: 'MODIFIED', object: configMap('c', '51') }], 'stay'),
    );
    expect(await watched(7)).toEqual([
      'added a@1',
      'added b@1',
      'synced',
      'added c@1',
      'deleted a@1',
      'synced',
      'modified c@51',
    ]);
    expect(server.requests[3].query.get('resourceVersion')).toBe('50');
  });

  it('survives a server that is away for a while', async () => {
    const errors: unknown[] = [];
    const abort = new AbortController();
    server.answer(
      failure(500, 'InternalError'),
      failure(403, 'Forbidden'),
      page(['a']),
      events([], 'stay'),
    );
    for await (const event of client.watch(coreTypes.configMaps, {
      signal: abort.signal,
      onError: error => errors.push(error),
    })) {
      if (event.type === 'synced') abort.abort();
    }
    expect(errors).toHaveLength(1);
    expect(isForbidden(errors[0])).toBe(true);
  });

  it('reports an object that was replaced by another of the same name', async () => {
    server.answer(
      page(['a']),
      failure(410, 'Expired'),
      json({
        kind: 'ConfigMapList',
        apiVersion: 'v1',
        metadata: { resourceVersion: '60' },
        items: [configMap('a', '59', 'another')],
      }),
      events([], 'stay'),
    );
    expect(await watched(5)).toEqual([
      'added a@1',
      'synced',
      'deleted a@1',
      'added a@59',
      'synced',
    ]);
  });
});
