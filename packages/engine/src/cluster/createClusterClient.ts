import PQueue from 'p-queue';
import { ApiError, isGone, isNotFound, type ApiErrorDetails } from './ApiError';
import { backoffMs } from './backoff';
import { systemClock, type Clock } from './Clock';
import type {
  ClusterClient,
  DeleteOptions,
  ListOptions,
  ObjectRef,
  PatchBody,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './ClusterClient';
import type { ClusterConnection } from './ClusterConnection';
import { discover } from './discover';
import type { Discovery } from './Discovery';
import {
  HttpTransport,
  ResponseTooLargeError,
  type HttpRequest,
  type HttpResponse,
} from './HttpTransport';
import { parseJson, stringifyJson } from './json';
import type { ApiObject, KubernetesObject } from './KubernetesObject';
import { resourcePath } from './resourcePath';
import type { ResourceTypeRef } from './ResourceType';
import { isCertificateRefusal, mayRetry } from './retryDecision';
import { watchObjects } from './watchObjects';

/** @public */
export interface ClusterClientOptions {
  /** Requests in flight at the same time; watches do not count. Default 30. */
  concurrency?: number;
  /** One request's time-out in milliseconds, default 30 000 (lists: twice that). */
  timeoutMs?: number;
  /** How often a read is tried, default 5. */
  attempts?: number;
  userAgent?: string;
  /** The longest answer taken into memory, default 64 MiB; pages of lists become shorter instead. */
  maxResponseBytes?: number;
  clock?: Clock;
}

interface Parts {
  transport: HttpTransport;
  queue: PQueue;
  timeoutMs: number;
  attempts: number;
  clock: Clock;
  /** Throws when writes are no longer allowed. */
  guard: () => void;
}

interface ObjectListBody {
  apiVersion?: string;
  kind?: string;
  metadata?: { continue?: string; resourceVersion?: string };
  items?: KubernetesObject[] | null;
}

/** One page of a list. @public */
export interface ListPage<T> {
  items: T[];
  continueToken: string | undefined;
  resourceVersion: string;
}

/** @public */
export class HttpClusterClient implements ClusterClient {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** The same client, refusing to write whenever the guard throws: asked at the last moment before a request leaves. */
  guarded(guard: () => void): HttpClusterClient {
    return new HttpClusterClient({ ...this.parts, guard });
  }

  close(): void {
    this.parts.transport.close();
  }

  async discover(signal?: AbortSignal): Promise<Discovery> {
    return discover(async (path, accept) => {
      const response = await this.send({
        method: 'GET',
        path,
        accept,
        signal,
        timeoutMs: this.parts.timeoutMs,
      });
      return {
        contentType: response.headers['content-type'] ?? '',
        body: parseJson(response.body),
      };
    });
  }

  async get<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    ref: ObjectRef,
    options: { signal?: AbortSignal } = {},
  ): Promise<T | undefined> {
    try {
      return await this.sendForObject<T>({
        method: 'GET',
        path: resourcePath(type, ref),
        signal: options.signal,
      });
    } catch (error) {
      if (isMissingObject(error, ref)) return undefined;
      throw error;
    }
  }

  async *list<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    options: ListOptions = {},
  ): AsyncIterable<T> {
    const yielded = new Set<string>();
    let token: string | undefined;
    let limit: number | undefined = options.pageSize ?? 500;
    for (;;) {
      let page: ListPage<T>;
      try {
        page = await this.listPage<T>(type, { ...options, limit, token });
      } catch (error) {
        if (error instanceof ResponseTooLargeError && limit && limit > 1) {
          // Objects may be a megabyte each: fewer of them at a time.
          limit = Math.max(1, Math.floor(limit / 10));
          continue;
        }
        if (token === undefined || !isGone(error)) throw error;
        // The server forgot where we were. It may offer to go on with what is
        // there now, which a slow reader of many objects needs; else everything
        // again, without pages.
        const offered = (error as ApiError).continueToken;
        token = offered === token ? undefined : offered;
        if (token === undefined) limit = undefined;
        continue;
      }
      for (const item of page.items) {
        const key = `${item.metadata.namespace ?? ''}/${item.metadata.name}`;
        if (yielded.has(key)) continue;
        yielded.add(key);
        yield item;
      }
      token = page.continueToken;
      if (!token) return;
    }
  }

  /** @public */
  async listPage<T extends ApiObject>(
    type: ResourceTypeRef,
    options: ListOptions & { limit?: number; token?: string },
  ): Promise<ListPage<T>> {
    const response = await this.send({
      method: 'GET',
      path: resourcePath(type, { namespace: options.namespace }),
      query: {
        labelSelector: options.labelSelector || undefined,
        fieldSelector: options.fieldSelector || undefined,
        limit: options.limit === undefined ? undefined : String(options.limit),
        continue: options.token,
      },
      signal: options.signal,
      timeoutMs: this.parts.timeoutMs * 2,
    });
    const body = parseJson<ObjectListBody>(response.body);
    // Items of built-in types come without these two; the list has them.
    const kind = body.kind?.replace(/List$/, '') ?? '';
    const items = (body.items ?? []).map(item =>
      item.kind && item.apiVersion
        ? item
        : { ...item, apiVersion: body.apiVersion ?? '', kind },
    );
    return {
      items: items as unknown as T[],
      continueToken: body.metadata?.continue || undefined,
      resourceVersion: body.metadata?.resourceVersion ?? '',
    };
  }

  async create<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.sendForObject<T>({
      method: 'POST',
      path: resourcePath(type, { namespace: object.metadata.namespace }),
      query: writeQuery(options),
      body: stringifyJson(object),
      signal: options.signal,
    });
  }

  async replace<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    object: T,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    return this.sendForObject<T>({
      method: 'PUT',
      path: resourcePath(type, {
        namespace: object.metadata.namespace,
        name: object.metadata.name ?? '',
        subresource: options.subresource,
      }),
      query: writeQuery(options),
      body: stringifyJson(object),
      signal: options.signal,
    });
  }

  async patch<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    ref: ObjectRef,
    patch: PatchBody,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    return this.sendForObject<T>({
      method: 'PATCH',
      path: resourcePath(type, { ...ref, subresource: options.subresource }),
      query: writeQuery(options),
      body: stringifyJson(patch.body),
      contentType:
        patch.contentType === 'json'
          ? 'application/json-patch+json'
          : 'application/merge-patch+json',
      signal: options.signal,
    });
  }

  async delete(
    type: ResourceTypeRef,
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<'deleted' | 'not found'> {
    const { preconditions, propagationPolicy, gracePeriodSeconds, signal } =
      options;
    try {
      await this.send({
        method: 'DELETE',
        path: resourcePath(type, ref),
        body: stringifyJson({
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          ...(preconditions ? { preconditions } : {}),
          ...(propagationPolicy ? { propagationPolicy } : {}),
          ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        }),
        signal,
        timeoutMs: this.parts.timeoutMs,
      });
      return 'deleted';
    } catch (error) {
      if (isNotFound(error)) return 'not found';
      throw error;
    }
  }

  watch<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>> {
    return watchObjects<T>(
      {
        listPage: page => this.listPage<T>(type, page),
        open: async (resourceVersion, timeoutSeconds) => {
          const { status, response, end } = await this.parts.transport.stream({
            method: 'GET',
            path: resourcePath(type, { namespace: options.namespace }),
            query: {
              watch: 'true',
              allowWatchBookmarks: 'true',
              resourceVersion,
              timeoutSeconds: String(timeoutSeconds),
              labelSelector: options.labelSelector || undefined,
              fieldSelector: options.fieldSelector || undefined,
            },
            signal: options.signal,
            // A server that stopped answering must not be waited for forever.
            timeoutMs: (timeoutSeconds + 15) * 1000,
          });
          if (status >= 200 && status < 300) return { lines: response, end };
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          end();
          if (status === 401) this.parts.transport.reloadCredentials();
          throw toApiError(status, Buffer.concat(chunks).toString('utf8'));
        },
        clock: this.parts.clock,
      },
      options,
    );
  }

  private async sendForObject<T extends ApiObject>(
    request: Omit<HttpRequest, 'timeoutMs' | 'guard'>,
  ): Promise<T> {
    const response = await this.send({
      ...request,
      timeoutMs: this.parts.timeoutMs,
    });
    return parseJson<T>(response.body);
  }

  private async send(
    request: Omit<HttpRequest, 'guard'>,
  ): Promise<HttpResponse> {
    const { queue, transport, attempts, clock, guard } = this.parts;
    const kind = request.method === 'GET' ? 'read' : 'write';
    let reloaded = false;
    for (let failures = 0; ; ) {
      try {
        return await queue.add(async () => {
          const response = await transport.request({
            ...request,
            ...(kind === 'write' ? { guard } : {}),
          });
          if (response.status >= 200 && response.status < 300) return response;
          throw toApiError(
            response.status,
            response.body,
            response.headers['retry-after'],
          );
        });
      } catch (error) {
        request.signal?.throwIfAborted();
        const isRefused =
          (error instanceof ApiError && error.code === 401) ||
          isCertificateRefusal(error);
        if (isRefused && !reloaded) {
          // Tokens and certificates rotate: the file may hold newer ones.
          reloaded = true;
          transport.reloadCredentials();
          continue;
        }
        failures++;
        if (failures >= attempts || !mayRetry(error, kind)) throw error;
        const asked =
          error instanceof ApiError
            ? (error.details?.retryAfterSeconds ?? 0) * 1000
            : 0;
        await clock.sleep(
          Math.max(
            Math.min(asked, 30_000),
            backoffMs(failures, { firstMs: 200, maxMs: 5_000 }),
          ),
          request.signal,
        );
      }
    }
  }
}

/**
 * Opens a client for a cluster. Nothing is sent before the first call.
 * @public
 */
export function createClusterClient(
  connection: ClusterConnection,
  options: ClusterClientOptions = {},
): ClusterClient & { close(): void } {
  const clock = options.clock ?? systemClock;
  return new HttpClusterClient({
    transport: new HttpTransport(
      connection,
      options.userAgent ?? 'lifeboat-engine',
      options.maxResponseBytes ?? 64 * 1024 * 1024,
    ),
    queue: new PQueue({ concurrency: options.concurrency ?? 30 }),
    timeoutMs: options.timeoutMs ?? 30_000,
    attempts: options.attempts ?? 5,
    clock,
    guard: () => undefined,
  });
}

function writeQuery(options: WriteOptions): Record<string, string | undefined> {
  return {
    dryRun: options.dryRun ? 'All' : undefined,
    fieldManager: options.fieldManager ?? 'lifeboat',
  };
}

interface StatusBody {
  message?: string;
  reason?: string;
  details?: ApiErrorDetails;
  metadata?: { continue?: string };
}

function toApiError(code: number, body: string, retryAfter?: string): ApiError {
  let status: StatusBody = {};
  try {
    status = (JSON.parse(body) ?? {}) as StatusBody;
  } catch {
    status = { message: body.slice(0, 300) };
  }
  const seconds = Number(retryAfter);
  const details =
    retryAfter && Number.isFinite(seconds)
      ? { retryAfterSeconds: seconds, ...status.details }
      : status.details;
  return new ApiError(
    status.message || `The API server answered with HTTP status ${code}`,
    {
      code,
      ...(status.reason ? { reason: status.reason } : {}),
      ...(details ? { details } : {}),
      ...(status.metadata?.continue
        ? { continueToken: status.metadata.continue }
        : {}),
    },
  );
}

/** A 404 may also mean that the whole resource type is not served: that is an error. */
function isMissingObject(error: unknown, ref: ObjectRef): boolean {
  if (!isNotFound(error)) return false;
  return (error as ApiError).details?.name === ref.name;
}
