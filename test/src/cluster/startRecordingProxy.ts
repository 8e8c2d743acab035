import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';

/** One request that went through. */
export interface RecordedRequest {
  method: string;
  path: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Stands between a client and an API server, on 127.0.0.1 and without TLS. */
export interface RecordingProxy {
  url: string;
  token: string;
  requests: RecordedRequest[];
  /** Holds back requests for which the function says so, until `release`. */
  hold(which: (request: RecordedRequest) => boolean): void;
  /** How many are held back. */
  held(): number;
  release(): void;
  stop(): Promise<void>;
}

/** Starts a proxy to the cluster of a kubeconfig with a token or client certificate. */
export async function startRecordingProxy(
  kubeconfigFile: string,
): Promise<RecordingProxy> {
  const kubeconfig = parse(readFileSync(kubeconfigFile, 'utf8'));
  const target = new URL(kubeconfig.clusters[0].cluster.server);
  const token: string = kubeconfig.users[0].user.token;
  const requests: RecordedRequest[] = [];
  let holds: (request: RecordedRequest) => boolean = () => false;
  let waiting: (() => void)[] = [];
  const client = target.protocol === 'https:' ? https : http;
  const agent = new client.Agent({
    keepAlive: true,
    ...(client === https ? { rejectUnauthorized: false } : {}),
  });

  const server = http.createServer((incoming, answer) => {
    const recorded = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      at: Date.now(),
    };
    requests.push(recorded);
    const forward = () => {
      const outgoing = client.request(
        new URL(recorded.path, target),
        {
          method: recorded.method,
          headers: {
            ...incoming.headers,
            host: target.host,
            authorization: `Bearer ${token}`,
          },
          agent,
        },
        response => {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          answer.flushHeaders();
          response.pipe(answer);
        },
      );
      outgoing.on('error', () => answer.destroy());
      answer.on('close', () => outgoing.destroy());
      incoming.pipe(outgoing);
    };
    if (holds(recorded)) waiting.push(forward);
    else forward();
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    requests,
    hold: which => {
      holds = which;
    },
    held: () => waiting.length,
    release: () => {
      holds = () => false;
      const held = waiting;
      waiting = [];
      for (const forward of held) forward();
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise(resolve => {
        server.close(resolve);
      });
      agent.destroy();
    },
  };
}
