import http from 'node:http';
import https from 'node:https';
import type { ClusterConnection } from './ClusterConnection';
import { KubeConfigConnection } from './KubeConfigConnection';

/** @public */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path below the server's address, encoded. */
  path: string;
  query?: Record<string, string | undefined>;
  body?: string;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
  timeoutMs: number;
  /** Called immediately before the request leaves; throws to stop it. */
  guard?: () => void;
}

/** @public */
export interface HttpResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** The server did not answer in time. */
export class RequestTimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
  constructor(message: string) {
    super(message);
    this.name = 'RequestTimeoutError';
  }
}

/** The answer was cut off, because it would not fit into memory. */
export class ResponseTooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`The API server's answer is larger than ${maxBytes} bytes`);
    this.name = 'ResponseTooLargeError';
  }
}

/** HTTP(S) to one API server with kept-alive connections; bodies are text. */
export class HttpTransport {
  private readonly connection: KubeConfigConnection;
  private readonly userAgent: string;
  private readonly maxResponseBytes: number;

  constructor(
    connection: ClusterConnection,
    userAgent: string,
    maxResponseBytes: number,
  ) {
    this.connection = new KubeConfigConnection(connection);
    this.userAgent = userAgent;
    this.maxResponseBytes = maxResponseBytes;
  }

  /** Sends a request and reads the whole answer. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const { response, done } = await this.send(request, 'agent');
    try {
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: await readText(response, this.maxResponseBytes),
      };
    } catch (error) {
      throw done.reason() ?? error;
    } finally {
      done();
    }
  }

  /** Sends a request whose answer is read line by line as it arrives. */
  async stream(request: HttpRequest): Promise<{
    status: number;
    response: http.IncomingMessage;
    end: () => void;
  }> {
    const { response, done } = await this.send(request, 'watchAgent');
    return {
      status: response.statusCode ?? 0,
      response,
      end: () => {
        done();
        response.destroy();
      },
    };
  }

  /** The credentials were refused: read them again for the next request. */
  reloadCredentials(): void {
    this.connection.reload();
  }

  close(): void {
    this.connection.close();
  }

  private async send(
    request: HttpRequest,
    pool: 'agent' | 'watchAgent',
  ): Promise<{
    response: http.IncomingMessage;
    done: (() => void) & { reason: () => unknown };
  }> {
    request.signal?.throwIfAborted();
    const details = await this.connection.details();
    const url = new URL(details.server);
    url.pathname = `${url.pathname.replace(/\/$/, '')}${request.path}`;
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const headers: Record<string, string> = {
      ...details.headers,
      Accept: request.accept ?? 'application/json',
      'User-Agent': this.userAgent,
    };
    if (request.body !== undefined) {
      headers['Content-Type'] = request.contentType ?? 'application/json';
      headers['Content-Length'] = String(Buffer.byteLength(request.body));
    }
    return new Promise((resolve, reject) => {
      let reason: unknown;
      request.signal?.throwIfAborted();
      const open = url.protocol === 'https:' ? https.request : http.request;
      // The last moment before bytes leave: nothing asynchronous may follow.
      request.guard?.();
      const sent = open(url, {
        method: request.method,
        headers,
        agent: details[pool],
      });
      const stop = (why: unknown) => {
        reason = why;
        sent.destroy(why instanceof Error ? why : new Error(String(why)));
      };
      const onAbort = () => stop(request.signal?.reason);
      const timer = setTimeout(
        () =>
          stop(
            new RequestTimeoutError(
              `${request.method} ${url.origin}${request.path} took longer than ${request.timeoutMs} ms`,
            ),
          ),
        request.timeoutMs,
      );
      request.signal?.addEventListener('abort', onAbort, { once: true });
      const done = Object.assign(
        () => {
          clearTimeout(timer);
          request.signal?.removeEventListener('abort', onAbort);
        },
        { reason: () => reason },
      );
      sent.on('error', error => {
        done();
        reject(reason ?? error);
      });
      sent.on('response', response => resolve({ response, done }));
      sent.end(request.body);
    });
  }
}

async function readText(
  response: http.IncomingMessage,
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      throw new ResponseTooLargeError(maxBytes);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
