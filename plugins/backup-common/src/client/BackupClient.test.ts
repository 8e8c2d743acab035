import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BackupClient } from './BackupClient';
import { problemOf } from './problemOf';

const orders = { kind: 'Component', namespace: 'default', name: 'Orders' };

let server: Server;
let client: BackupClient;
let answer: (request: IncomingMessage) => {
  status?: number;
  etag?: string;
  body?: unknown;
};
let seen: IncomingMessage[];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    const { status = 200, etag, body } = answer(request);
    if (etag) {
      response.setHeader('ETag', etag);
    }
    response.statusCode =
      etag && request.headers['if-none-match'] === etag ? 304 : status;
    response.setHeader('Content-Type', 'application/json');
    response.end(
      response.statusCode === 304 || body === undefined
        ? undefined
        : JSON.stringify(body),
    );
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(
  () =>
    new Promise(resolve => {
      server.closeAllConnections();
      server.close(resolve);
    }),
);
beforeEach(() => {
  seen = [];
  const { port } = server.address() as AddressInfo;
  client = new BackupClient({
    fetchApi: { fetch },
    discoveryApi: {
      getBaseUrl: async plugin => `http://127.0.0.1:${port}/api/${plugin}`,
    },
  });
});

it('gives the same object again while nothing changes', async () => {
  let version = 1;
  answer = () => ({ etag: `W/"${version}"`, body: { items: [], version } });
  const first = await client.listRecoveryPoints(orders);
  const second = await client.listRecoveryPoints(orders);
  expect(second).toBe(first);
  expect(seen[1].headers['if-none-match']).toBe('W/"1"');
  version = 2;
  const third = await client.listRecoveryPoints(orders);
  expect(third).not.toBe(first);
});

it('keeps the answers of different users apart', async () => {
  answer = request => ({
    etag: `W/"same"`,
    body: { user: request.headers.authorization },
  });
  const a = await client.getProtection(orders, { token: 'a' });
  const b = await client.getProtection(orders, { token: 'b' });
  expect([a, b]).toEqual([{ user: 'Bearer a' }, { user: 'Bearer b' }]);
});

it('names the entity in lower case, and the cluster and page in the query', async () => {
  answer = () => ({ body: { items: [] } });
  await client.listRecoveryPoints(
    { ...orders, cluster: 'west 1' },
    { limit: 10, cursor: 'abc' },
  );
  expect(seen[0].url).toBe(
    '/api/backup/entities/component/default/orders/backups?limit=10&cursor=abc&cluster=west+1',
  );
});

it('cannot be led astray by names', async () => {
  answer = () => ({ body: {} });
  await client.getRecoveryPoint(orders, '../../status?x=');
  expect(seen[0].url).toBe(
    '/api/backup/entities/component/default/orders/backups/..%2F..%2Fstatus%3Fx%3D',
  );
});

it('finds the problem in an error', async () => {
  const problem = {
    code: 'consent-missing',
    title: 'No consent',
    message: 'Ask the platform team.',
    command: 'kubectl annotate namespace shop …',
  };
  answer = () => ({
    status: 403,
    body: {
      error: { name: 'NotAllowedError', message: 'No', problem },
      response: { statusCode: 403 },
    },
  });
  const error = await client
    .createRecoveryPoint(orders)
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'ResponseError', statusCode: 403 });
  expect(problemOf(error)).toEqual(problem);
});

it.each([
  ['no problem', { error: { name: 'Error', message: 'x' } }],
  [
    'an unknown code',
    {
      error: {
        name: 'E',
        message: 'x',
        problem: { code: 'z', title: 't', message: 'm' },
      },
    },
  ],
  [
    'half a problem',
    { error: { name: 'E', message: 'x', problem: { code: 'not-owner' } } },
  ],
  ['something else', 'text'],
])('finds none in an answer with %s', async (_title, body) => {
  answer = () => ({ status: 500, body });
  const error = await client.getStatus().catch((reason: unknown) => reason);
  expect(problemOf(error)).toBeUndefined();
});

it('finds no problem in other errors', () => {
  expect(problemOf(new Error('offline'))).toBeUndefined();
  expect(problemOf(undefined)).toBeUndefined();
});

it('understands an empty answer', async () => {
  answer = () => ({ status: 204 });
  await expect(
    client.deleteSchedule(orders, 'nightly'),
  ).resolves.toBeUndefined();
});

it('stops when the signal ends', async () => {
  answer = () => ({ body: {} });
  await expect(
    client.getStatus({ signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ name: 'AbortError' });
});
