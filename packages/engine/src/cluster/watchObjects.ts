import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { ApiError, isGone, type ApiErrorDetails } from './ApiError';
import { backoffMs } from './backoff';
import type { Clock } from './Clock';
import type { ListOptions, WatchEvent, WatchOptions } from './ClusterClient';
import type { ListPage } from './createClusterClient';
import { parseJson } from './json';
import type { ApiObject } from './KubernetesObject';

/** What a watch needs of the transport. @public */
export interface WatchSource<T extends ApiObject> {
  listPage(
    options: ListOptions & { limit?: number; token?: string },
  ): Promise<ListPage<T>>;
  /** Opens the stream of events after a version. */
  open(
    resourceVersion: string,
    timeoutSeconds: number,
  ): Promise<{ lines: Readable; end: () => void }>;
  clock: Clock;
  random?: () => number;
}

interface RawEvent<T> {
  type: string;
  object: T & { code?: number; message?: string; reason?: string };
}

const maxLineBytes = 64 * 1024 * 1024;

/**
 * List, then watch, until the signal is aborted (Kubernetes: efficient
 * detection of changes). After a lost connection it goes on from the last
 * version seen; when that is too old (410) it lists again and reports the
 * difference.
 */
export async function* watchObjects<T extends ApiObject>(
  source: WatchSource<T>,
  options: WatchOptions,
): AsyncIterable<WatchEvent<T>> {
  const { signal } = options;
  const random = source.random ?? Math.random;
  const known = new Map<string, T>();
  let version: string | undefined;
  let failures = 0;

  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const listed = await listAll(source, options);
        yield* differences(known, listed.items);
        version = listed.resourceVersion;
        failures = 0;
        yield { type: 'synced' };
      }
      const timeoutSeconds = 120 + Math.floor(random() * 60);
      const { lines, end } = await source.open(version, timeoutSeconds);
      failures = 0;
      try {
        for await (const line of readLines(lines)) {
          const event = parseJson<RawEvent<T>>(line);
          if (event.type === 'ERROR') throw toError(event.object);
          version = event.object.metadata.resourceVersion ?? version;
          const change = toChange(known, event);
          if (change) yield change;
        }
      } finally {
        end();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isGone(error)) {
        version = undefined;
        if (failures === 0) {
          failures = 1;
          continue;
        }
      }
      failures++;
      options.onError?.(error);
      try {
        await source.clock.sleep(
          backoffMs(failures, { firstMs: 200, maxMs: 10_000 }, random),
          signal,
        );
      } catch {
        return;
      }
    }
  }
}

async function listAll<T extends ApiObject>(
  source: WatchSource<T>,
  options: WatchOptions,
): Promise<{ items: T[]; resourceVersion: string }> {
  const items: T[] = [];
  let token: string | undefined;
  let limit: number | undefined = 500;
  for (;;) {
    try {
      const page: ListPage<T> = await source.listPage({
        ...options,
        limit,
        token,
      });
      items.push(...page.items);
      token = page.continueToken;
      if (!token) return { items, resourceVersion: page.resourceVersion };
    } catch (error) {
      if (token === undefined || !isGone(error)) throw error;
      items.length = 0;
      token = undefined;
      limit = undefined;
    }
  }
}

function* differences<T extends ApiObject>(
  known: Map<string, T>,
  listed: T[],
): Iterable<WatchEvent<T>> {
  const present = new Set<string>();
  for (const object of listed) {
    const key = keyOf(object);
    present.add(key);
    const before = known.get(key);
    if (before && before.metadata.uid !== object.metadata.uid) {
      known.delete(key);
      yield { type: 'deleted', object: before };
    }
    if (
      before?.metadata.resourceVersion !== object.metadata.resourceVersion ||
      before?.metadata.uid !== object.metadata.uid
    ) {
      const type = known.has(key) ? 'modified' : 'added';
      known.set(key, object);
      yield { type, object };
    }
  }
  for (const [key, object] of [...known]) {
    if (present.has(key)) continue;
    known.delete(key);
    yield { type: 'deleted', object };
  }
}

function toChange<T extends ApiObject>(
  known: Map<string, T>,
  event: RawEvent<T>,
): WatchEvent<T> | undefined {
  const key = keyOf(event.object);
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED': {
      const type = known.has(key) ? 'modified' : 'added';
      known.set(key, event.object);
      return { type, object: event.object };
    }
    case 'DELETED':
      known.delete(key);
      return { type: 'deleted', object: event.object };
    default:
      return undefined;
  }
}

function keyOf(object: ApiObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function toError(status: {
  code?: number;
  message?: string;
  reason?: string;
  details?: ApiErrorDetails;
}): ApiError {
  return new ApiError(status.message ?? 'The watch ended with an error', {
    code: status.code ?? 500,
    ...(status.reason ? { reason: status.reason } : {}),
    ...(status.details ? { details: status.details } : {}),
  });
}

async function* readLines(stream: Readable): AsyncIterable<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest += decoder.write(chunk);
    if (rest.length > maxLineBytes) {
      throw new Error(`A watch event is larger than ${maxLineBytes} bytes`);
    }
    for (;;) {
      const end = rest.indexOf('\n');
      if (end < 0) break;
      const line = rest.slice(0, end).trim();
      rest = rest.slice(end + 1);
      if (line) yield line;
    }
  }
}
