import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { accessKeyOf, signAgain, type S3Keys } from './signAgain';

/** What a server answers instead of doing what it is asked. */
export interface Refusal {
  status: number;
  /** The S3 error code. */
  code: string;
}

/** What is wrong with the bucket; what is absent is right. */
export interface S3Faults {
  /** Milliseconds before each request is looked at. */
  latencyMs?: number;
  /** Of all bodies together, in both directions. */
  bytesPerSecond?: number;
  /** @returns how a request is refused, after its body was read */
  refuse?(request: {
    method: string;
    path: string;
    accessKey: string | undefined;
  }): Refusal | undefined;
}

/** An S3 server in front of another one, with faults that can be switched. */
export interface FaultyS3 {
  url: string;
  /** Replaces the faults; none by default. */
  set(faults?: S3Faults): void;
  stop(): Promise<void>;
}

/**
 * Starts it on 127.0.0.1. It takes any access key, with any secret: whose requests are refused is decided by the faults.
 *
 * @param keys - with which the server behind is asked
 */
export async function startFaultyS3(
  target: string,
  keys: S3Keys,
): Promise<FaultyS3> {
  const { hostname, port } = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  let faults: S3Faults = {};
  let lineIsFreeAt = 0;

  /** The line carries one chunk after the other, whosever it is. */
  async function* carry(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      if (faults.bytesPerSecond) {
        const now = performance.now();
        lineIsFreeAt =
          Math.max(lineIsFreeAt, now) +
          (chunk.length / faults.bytesPerSecond) * 1000;
        await delay(lineIsFreeAt - now);
      }
      yield chunk;
    }
  }

  const pass = async (
    incoming: IncomingMessage,
    answer: http.ServerResponse,
  ) => {
    if (faults.latencyMs) await delay(faults.latencyMs);
    const { method = '', url = '/' } = incoming;
    const accessKey = accessKeyOf(incoming.headers);
    const refusal = faults.refuse?.({ method, path: url, accessKey });
    if (refusal) {
      incoming.resume();
      await finished(incoming);
      answer.writeHead(refusal.status, { 'content-type': 'application/xml' });
      answer.end(
        method === 'HEAD'
          ? undefined
          : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${refusal.code}</Code><Message>${refusal.code}</Message></Error>`,
      );
      return;
    }
    const outgoing = http.request({
      agent,
      hostname,
      port,
      method,
      path: url,
      headers: signAgain({ method, url, headers: incoming.headers }, keys),
    });
    answer.once('close', () => outgoing.destroy());
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    await Promise.all([
      pipeline(incoming, carry, outgoing),
      answered.then(async found => {
        answer.writeHead(found.statusCode ?? 502, found.headers);
        await pipeline(found, carry, answer);
      }),
    ]);
  };

  const server = http.createServer((incoming, answer) => {
    // Whoever asked has gone, or the server behind has: the other end sees it by the close.
    pass(incoming, answer).catch(() => answer.destroy());
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next = {}) {
      faults = next;
    },
    async stop() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise(resolve => {
        server.close(resolve);
      });
    },
  };
}
