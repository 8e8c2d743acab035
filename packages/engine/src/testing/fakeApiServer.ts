import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the fake server got. */
export interface FakeRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** Answers one request, however the test likes. */
export type FakeAnswer = (
  request: FakeRequest,
  response: http.ServerResponse,
) => void;

/**
 * An HTTP server for what no real API server does on command: broken
 * connections, expired versions, throttling. For the behaviour of Kubernetes
 * itself there is the embedded cluster.
 */
export async function startFakeApiServer(): Promise<{
  url: string;
  requests: FakeRequest[];
  /** The next answers, in order; the last one stays. */
  answer(...answers: FakeAnswer[]): void;
  stop(): Promise<void>;
}> {
  const requests: FakeRequest[] = [];
  let answers: FakeAnswer[] = [];
  const server = http.createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://fake');
    const request = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    requests.push(request);
    const [next] = answers;
    if (answers.length > 1) answers = answers.slice(1);
    next?.(request, response);
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (...next) => {
      answers = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise(resolve => {
        server.close(resolve);
      });
    },
  };
}

/** Answers with JSON. */
export function json(
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): FakeAnswer {
  return (_request, response) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...headers,
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Answers with a Status object. */
export function failure(
  code: number,
  reason: string,
  details?: object,
  headers: Record<string, string> = {},
): FakeAnswer {
  return json(
    {
      apiVersion: 'v1',
      kind: 'Status',
      status: 'Failure',
      message: `${reason} from the test`,
      reason,
      code,
      ...(details ? { details } : {}),
    },
    code,
    headers,
  );
}

/** Sends lines, one event each, and then ends, breaks or stays open. */
export function events(
  lines: unknown[],
  then: 'end' | 'break' | 'stay',
): FakeAnswer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
    if (then === 'end') response.end();
    if (then === 'break') setTimeout(() => response.destroy(), 20);
  };
}
