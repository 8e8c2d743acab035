import type { Discovery } from './Discovery';
import type { ApiObject, KubernetesObject } from './KubernetesObject';
import type { ResourceTypeRef } from './ResourceType';

/** @public */
export interface ObjectRef {
  namespace?: string;
  name: string;
}

/** @public */
export interface ListOptions {
  /** Only this namespace; all namespaces when absent. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Objects per page, 500 when absent (Velero: `--client-page-size`). */
  pageSize?: number;
  signal?: AbortSignal;
}

/** @public */
export interface WriteOptions {
  signal?: AbortSignal;
  /** Lets the server check and default, but store nothing (`dryRun=All`). */
  dryRun?: boolean;
  fieldManager?: string;
}

/** @public */
export interface PatchBody {
  /** `merge`: RFC 7386; `json`: RFC 6902. */
  contentType: 'merge' | 'json';
  body: unknown;
}

/** @public */
export interface DeleteOptions {
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  /** 0 removes a pod from the API although its node does not answer. */
  gracePeriodSeconds?: number;
  signal?: AbortSignal;
}

/** @public */
export interface WatchOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  signal: AbortSignal;
  /** Told of each failed attempt; the watch goes on by itself. */
  onError?(error: unknown): void;
}

/**
 * `synced` follows each complete list: every object that exists has been
 * reported, and those that went unseen meanwhile have been reported as deleted.
 * @public
 */
export type WatchEvent<T extends ApiObject = KubernetesObject> =
  | { type: 'added' | 'modified' | 'deleted'; object: T }
  | { type: 'synced' };

/**
 * A dynamic client for one cluster. Objects are parsed without loss of
 * precision and keep unknown fields. Failures are `ApiError` (the server
 * answered) or the socket's own error after retries.
 * @public
 */
export interface ClusterClient {
  /** Reads the served types afresh. Groups that fail are warnings. */
  discover(signal?: AbortSignal): Promise<Discovery>;
  /** Undefined when the object does not exist. */
  get<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    ref: ObjectRef,
    options?: { signal?: AbortSignal },
  ): Promise<T | undefined>;
  /** All objects, page by page; an expired page token falls back to a full list, without repeating objects. */
  list<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    options?: ListOptions,
  ): AsyncIterable<T>;
  create<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  /** PUT with the object's `resourceVersion`; a lost race is a Conflict (`isConflict`). */
  replace<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    object: T,
    options?: WriteOptions & { subresource?: string },
  ): Promise<T>;
  patch<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    ref: ObjectRef,
    patch: PatchBody,
    options?: WriteOptions & { subresource?: string },
  ): Promise<T>;
  delete(
    type: ResourceTypeRef,
    ref: ObjectRef,
    options?: DeleteOptions,
  ): Promise<'deleted' | 'not found'>;
  /** List, then watch, for as long as the signal lives; reconnects and relists by itself. */
  watch<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
}
