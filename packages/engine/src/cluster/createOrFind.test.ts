import { failure, json, startFakeApiServer } from '../testing/fakeApiServer';
import { createClusterClient } from './createClusterClient';
import { createOrFind } from './createOrFind';
import { coreTypes } from './knownTypes';

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async () => undefined,
};
const object = (owner: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', labels: { owner } },
});
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
    return await createOrFind(client, coreTypes.configMaps, object('me'), {
      clock,
      signal: new AbortController().signal,
      isOurs: live => live.metadata.labels?.owner === 'me',
    });
  } finally {
    client.close();
  }
}

describe('createOrFind', () => {
  it('creates what is not there', async () => {
    server.answer(json(object('me'), 201));
    expect((await create()).metadata.name).toBe('a');
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['exists', exists],
    ['is over a quota', failure(403, 'Forbidden')],
  ])('finds what an earlier process made when it %s', async (_, refusal) => {
    server.answer(refusal, json(object('me')));
    expect((await create()).metadata.labels).toEqual({ owner: 'me' });
  });

  it.each([
    ['somebody else’s', json(object('other'))],
    ['nothing', failure(404, 'NotFound', { name: 'a' })],
    ['no answer', failure(500, 'InternalError')],
  ])('says what the server refused when it finds %s', async (_, answer) => {
    server.answer(exists, answer);
    await expect(create()).rejects.toThrow('AlreadyExists');
  });
});
