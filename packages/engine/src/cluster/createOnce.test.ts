import {
  failure,
  json,
  startFakeApiServer,
  type FakeAnswer,
} from '../testing/fakeApiServer';
import { createClusterClient } from './createClusterClient';
import { createOnce } from './createOnce';
import { coreTypes } from './knownTypes';

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async () => undefined,
};
const lost: FakeAnswer = (_request, response) => response.destroy();
const object = (owner: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', labels: { owner } },
});
const missing = failure(404, 'NotFound', { name: 'a' });
const exists = failure(409, 'AlreadyExists', { name: 'a' });

let server: Awaited<ReturnType<typeof startFakeApiServer>>;

beforeEach(async () => {
  server = await startFakeApiServer();
});

afterEach(async () => {
  await server.stop();
});

async function create() {
  const client = createClusterClient(
    { name: 'test', url: server.url, token: 'secret' },
    { clock, timeoutMs: 500, attempts: 1 },
  );
  try {
    return await createOnce(client, coreTypes.configMaps, object('me'), {
      clock,
      signal: new AbortController().signal,
      isOurs: live => live.metadata.labels?.owner === 'me',
    });
  } finally {
    client.close();
  }
}

const methods = () => server.requests.map(request => request.method);

describe('createOnce', () => {
  it('finds what was created although the answer was lost', async () => {
    server.answer(lost, json(object('me')));
    expect((await create()).metadata.labels).toEqual({ owner: 'me' });
    expect(methods()).toEqual(['POST', 'GET']);
  });

  it('sends it again when nothing was created', async () => {
    server.answer(lost, missing, json(object('me'), 201));
    expect((await create()).metadata.name).toBe('a');
    expect(methods()).toEqual(['POST', 'GET', 'POST']);
  });

  it('recognises its own object that appeared after the look', async () => {
    server.answer(failure(504, 'Timeout'), missing, exists, json(object('me')));
    expect((await create()).metadata.labels).toEqual({ owner: 'me' });
    expect(methods()).toEqual(['POST', 'GET', 'POST', 'GET']);
  });

  it('takes nobody else’s object for its own', async () => {
    server.answer(lost, json(object('other')), exists, json(object('other')));
    await expect(create()).rejects.toThrow('AlreadyExists');
  });

  it('says at once what the server refused', async () => {
    server.answer(exists);
    await expect(create()).rejects.toThrow('AlreadyExists');
    server.answer(failure(403, 'Forbidden'));
    await expect(create()).rejects.toThrow('Forbidden');
    expect(methods()).toEqual(['POST', 'POST']);
  });

  it('gives up on a server that never answers', async () => {
    server.answer(lost);
    await expect(create()).rejects.toThrow('socket hang up');
    expect(methods().filter(method => method === 'POST')).toHaveLength(4);
  });
});
