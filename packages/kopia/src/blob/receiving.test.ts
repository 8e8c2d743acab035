import {
  Agent,
  AgentOptions,
  createServer,
  get,
  IncomingMessage,
} from 'node:http';
import { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { xorshift } from '../testing/xorshift';
import { intoOneBuffer, receiveBody } from './receiving';

const size = 3_000_000;
const blob = Buffer.from(xorshift(1, size));
const agent = new Agent({
  keepAlive: true,
  maxSockets: 2,
  onread: intoOneBuffer(),
} as AgentOptions);
// Sends the bytes from the position in the path on; `/lost` ends in the middle.
const server = createServer((request, response) => {
  if (request.url === '/lost') {
    response.writeHead(200, { 'content-length': size });
    response.write(blob.subarray(0, 1_000_000), () => response.destroy());
    return;
  }
  const part = blob.subarray(Number(request.url!.slice(1)));
  response.writeHead(200, { 'content-length': part.length });
  response.end(part);
});
let port: number;

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  agent.destroy();
  server.close();
});

const ask = (path: string) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get({ port, path, agent }, resolve).on('error', reject);
  });

it('receives every byte over connections that are used again', async () => {
  const bodies = await Promise.all(
    Array.from({ length: 20 }, async (_, i) =>
      receiveBody(await ask(`/${i * 1000}`), size - i * 1000),
    ),
  );
  bodies.forEach((body, i) =>
    expect(body.equals(blob.subarray(i * 1000))).toBe(true),
  );
});

it('keeps what came before anyone asked for it', async () => {
  const answer = await ask('/0');
  await sleep(100);
  const received = receiveBody(answer, size);
  const other = receiveBody(await ask('/5'), size - 5);
  expect((await received).equals(blob)).toBe(true);
  expect((await other).equals(blob.subarray(5))).toBe(true);
});

it('says how many bytes came, and refuses more than were announced', async () => {
  expect(await receiveBody(await ask('/2999000'), 5000)).toHaveLength(1000);
  await expect(receiveBody(await ask('/0'), 1000)).rejects.toThrow(
    'more bytes than announced',
  );
});

it('fails when the connection is lost', async () => {
  await expect(receiveBody(await ask('/lost'), size)).rejects.toThrow(
    'aborted',
  );
  expect(await receiveBody(await ask('/2999999'), 1)).toHaveLength(1);
});

it('fails when the connection was lost before anybody listened', async () => {
  const hasty = createServer((_, answer) => {
    answer.writeHead(200, { 'content-length': '100' });
    answer.flushHeaders();
    sleep(20).then(() => answer.destroy());
  });
  await new Promise<void>(resolve => {
    hasty.listen(0, '127.0.0.1', resolve);
  });
  const address = hasty.address() as AddressInfo;
  const body = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port: address.port }, resolve).on('error', reject);
  });
  await sleep(200);
  await expect(receiveBody(body, 100)).rejects.toThrow();
  hasty.close();
});
