import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';

/** Names a resource type in the API. */
export interface ApiType {
  readonly group: 'velero.io';
  readonly version: 'v1' | 'v2alpha1';
  readonly plural: string;
}

/** What the API server answered instead of the object. */
export class ApiRequestError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
    this.name = 'ApiRequestError';
  }
}

/** The little of the Kubernetes API that a mover needs. All objects are in its own namespace. */
export interface PodApi {
  get<T>(type: ApiType, name: string, signal?: AbortSignal): Promise<T>;
  mergePatch<T>(
    type: ApiType,
    name: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<T>;
  /** Each state of one object from a resourceVersion on; ends with the server's stream. */
  watch<T>(
    type: ApiType,
    name: string,
    resourceVersion: string,
    signal: AbortSignal,
  ): AsyncIterable<{ type: string; object: T }>;
  close(): void;
}

const requestTimeoutMs = 30_000;
/** The server ends a watch after this time; silence much longer than that is a lost connection. */
const watchSeconds = 240;
const attempts = 5;
const longestBody = 8 * 1024 * 1024;
const retryable = new Set([429, 500, 502, 503, 504]);

/**
 * Talks to the API server of the pod's cluster with the pod's service account: its CA, and its token, which is read
 * anew for each request because the kubelet renews it.
 *
 * @param environment - `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`
 * @param directory - of the mounted service account, with `token` and `ca.crt`
 */
export function openPodApi(
  environment: NodeJS.ProcessEnv,
  directory: string,
  namespace: string,
): PodApi {
  const host = environment.KUBERNETES_SERVICE_HOST;
  const port =
    environment.KUBERNETES_SERVICE_PORT_HTTPS ??
    environment.KUBERNETES_SERVICE_PORT ??
    '443';
  if (!host)
    throw new Error(
      'KUBERNETES_SERVICE_HOST is not set: the mover runs in a pod only',
    );
  const agent = new https.Agent({
    ca: readFileSync(join(directory, 'ca.crt')),
    keepAlive: true,
    maxSockets: 4,
  });

  const pathOf = ({ group, version, plural }: ApiType, name?: string) =>
    `/apis/${group}/${version}/namespaces/${encodeURIComponent(
      namespace,
    )}/${plural}${name ? `/${encodeURIComponent(name)}` : ''}`;

  const send = (
    method: string,
    path: string,
    options: { body?: string; timeoutMs: number; signal?: AbortSignal },
  ) =>
    new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      const token = readFileSync(join(directory, 'token'), 'utf8').trim();
      const request = https.request(
        {
          agent,
          host,
          port,
          method,
          path,
          timeout: options.timeoutMs,
          signal: options.signal,
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            ...(options.body !== undefined && {
              'content-type': 'application/merge-patch+json',
              'content-length': Buffer.byteLength(options.body),
            }),
          },
        },
        resolve,
      );
      request.on('timeout', () =>
        request.destroy(
          new Error(
            `The API server did not answer within ${
              options.timeoutMs / 1000
            } s`,
          ),
        ),
      );
      request.on('error', reject);
      request.end(options.body);
    });

  const readBody = async (response: import('node:http').IncomingMessage) => {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > longestBody)
        throw new Error('The answer of the API server is too long');
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  };

  const failed = async (
    response: import('node:http').IncomingMessage,
    what: string,
  ) => {
    const text = await readBody(response);
    let message = text.slice(0, 500);
    try {
      message = (JSON.parse(text) as { message?: string }).message ?? message;
    } catch {
      // A proxy's page instead of a Status.
    }
    const status = response.statusCode ?? 0;
    return new ApiRequestError(status, `${what}: HTTP ${status}: ${message}`);
  };

  /** Reads and merge patches may be repeated: a second time changes nothing. */
  const request = async <T>(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await send(method, path, {
          body: text,
          timeoutMs: requestTimeoutMs,
          signal,
        });
        if (response.statusCode !== 200)
          throw await failed(response, `${method} ${path}`);
        return JSON.parse(await readBody(response)) as T;
      } catch (error) {
        const passing =
          !(error instanceof ApiRequestError) || retryable.has(error.status);
        if (signal?.aborted || !passing || attempt === attempts) throw error;
        await sleep(Math.min(8000, 250 * 2 ** attempt), undefined, { signal });
      }
    }
  };

  return {
    get: (type, name, signal) =>
      request('GET', pathOf(type, name), undefined, signal),
    mergePatch: (type, name, body, signal) =>
      request('PATCH', pathOf(type, name), body, signal),
    async *watch<T>(
      type: ApiType,
      name: string,
      resourceVersion: string,
      signal: AbortSignal,
    ) {
      const query = new URLSearchParams({
        watch: '1',
        fieldSelector: `metadata.name=${name}`,
        resourceVersion,
        timeoutSeconds: String(watchSeconds),
        allowWatchBookmarks: 'true',
      });
      const path = `${pathOf(type)}?${query}`;
      const response = await send('GET', path, {
        timeoutMs: (watchSeconds + 30) * 1000,
        signal,
      });
      if (response.statusCode !== 200)
        throw await failed(response, `GET ${path}`);
      const lines = createInterface({ input: response, crlfDelay: Infinity });
      // The interface ends without an error when its input breaks; the next watch goes on.
      response.on('error', () => lines.close());
      try {
        for await (const line of lines) {
          if (line === '') continue;
          const event = JSON.parse(line) as {
            type: string;
            object: T & { code?: number; message?: string };
          };
          if (event.type === 'ERROR')
            throw new ApiRequestError(
              event.object.code ?? 0,
              event.object.message ?? 'The watch failed',
            );
          yield event;
        }
      } finally {
        response.destroy();
      }
    },
    close: () => agent.destroy(),
  };
}
