import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Resource, ResourceType, resourcePath } from './Resource';

const REQUEST_TIMEOUT_MS = 60_000;

/** An answer of the API server that is not a success. */
export class KubeError extends Error {
  constructor(
    message: string,
    /** HTTP status code. */
    readonly code: number,
    /** `reason` of the Status object, such as NotFound. */
    readonly reason: string,
  ) {
    super(message);
    this.name = 'KubeError';
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.code === 404;
}

export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.code === 409;
}

export function isGone(error: unknown): boolean {
  return (
    error instanceof KubeError && (error.code === 410 || error.code === 504)
  );
}

export interface RequestOptions {
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

export interface WatchLine {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Resource & { code?: number; reason?: string; message?: string };
}

export type PatchKind = 'merge' | 'json';

const patchContentType: Record<PatchKind, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

/** A small client of the Kubernetes API: JSON over HTTP(S), with the identity of a kubeconfig file. */
export class KubeClient {
  private constructor(
    private readonly server: URL,
    private readonly connection: https.RequestOptions,
    private readonly headers: Record<string, string>,
    /** PEM of the cluster's certificate authority, for kube-root-ca.crt. */
    readonly certificateAuthority: string,
  ) {}

  /** @throws when the file cannot be read or names no cluster. */
  static async fromKubeconfig(file: string): Promise<KubeClient> {
    const config = new KubeConfig();
    config.loadFromFile(file);
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error(`${file} has no current cluster`);
    const server = new URL(cluster.server);
    let authority = '';
    if (cluster.caData) {
      authority = Buffer.from(cluster.caData, 'base64').toString('utf8');
    } else if (cluster.caFile) {
      authority = readFileSync(cluster.caFile, 'utf8');
    }
    if (server.protocol === 'http:') {
      const token = config.getCurrentUser()?.token;
      return new KubeClient(
        server,
        { agent: new http.Agent({ keepAlive: true }) },
        token ? { authorization: `Bearer ${token}` } : {},
        authority,
      );
    }
    const options: https.RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { headers, ...connection } = options;
    return new KubeClient(
      server,
      connection,
      (headers ?? {}) as Record<string, string>,
      authority,
    );
  }

  /** Hostname and port that pods use to reach the API. */
  get address(): { host: string; port: string } {
    const port =
      this.server.port || (this.server.protocol === 'https:' ? '443' : '80');
    return { host: this.server.hostname, port };
  }

  private open(
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<http.IncomingMessage> {
    const url = new URL(path, this.server);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const body =
      options.body === undefined ? undefined : JSON.stringify(options.body);
    const send = url.protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const request = send(
        url,
        {
          ...this.connection,
          method,
          signal: options.signal,
          headers: {
            ...this.headers,
            accept: options.accept ?? 'application/json',
            ...(body === undefined
              ? {}
              : {
                  'content-type': options.contentType ?? 'application/json',
                  'content-length': String(Buffer.byteLength(body)),
                }),
          },
        },
        resolve,
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /**
   * One request with a JSON answer.
   *
   * @throws KubeError for every status of 300 and above.
   */
  async request<T>(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<T> {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await this.open(method, path, {
      ...options,
      signal: options.signal
        ? AbortSignal.any([options.signal, timeout])
        : timeout,
    });
    const text = await readText(response);
    if ((response.statusCode ?? 0) >= 300) throw errorOf(response, text);
    return JSON.parse(text) as T;
  }

  get<T extends Resource>(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.request('GET', resourcePath(type, namespace, name), { signal });
  }

  /** The object, or undefined when there is none. */
  async find<T extends Resource>(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await this.get<T>(type, namespace, name, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  create<T extends Resource>(
    type: ResourceType,
    namespace: string | undefined,
    object: object,
  ): Promise<T> {
    return this.request('POST', resourcePath(type, namespace), {
      body: object,
    });
  }

  replace<T extends Resource>(type: ResourceType, object: T): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.request('PUT', resourcePath(type, namespace, name), {
      body: object,
    });
  }

  patch<T extends Resource>(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    body: unknown,
    options: { kind?: PatchKind; subresource?: string } = {},
  ): Promise<T> {
    return this.request(
      'PATCH',
      resourcePath(type, namespace, name, options.subresource),
      { body, contentType: patchContentType[options.kind ?? 'merge'] },
    );
  }

  /** Deletes one object; an absent one, or another UID under its name, is fine. */
  async delete(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    try {
      await this.request('DELETE', resourcePath(type, namespace, name), {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options },
      });
    } catch (error) {
      if (!isNotFound(error) && !(options.preconditions && isConflict(error))) {
        throw error;
      }
    }
  }

  /**
   * Reads one watch connection until the server ends it.
   *
   * @throws KubeError when the watch is refused.
   */
  async watch(
    path: string,
    query: Record<string, string | undefined>,
    accept: string | undefined,
    onLine: (line: WatchLine) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const response = await this.open('GET', path, {
      query: { ...query, watch: 'true' },
      accept,
      signal,
    });
    if ((response.statusCode ?? 0) >= 300) {
      throw errorOf(response, await readText(response));
    }
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim()) onLine(JSON.parse(line) as WatchLine);
      }
    }
  }
}

async function readText(response: http.IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

function errorOf(response: http.IncomingMessage, text: string): KubeError {
  const code = response.statusCode ?? 0;
  try {
    const status = JSON.parse(text) as { message?: string; reason?: string };
    return new KubeError(
      status.message ?? `HTTP ${code}`,
      code,
      status.reason ?? '',
    );
  } catch {
    return new KubeError(text.slice(0, 300) || `HTTP ${code}`, code, '');
  }
}
