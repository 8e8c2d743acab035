import { ApiError } from '../cluster/ApiError';
import type {
  ClusterClient,
  DeleteOptions,
  ListOptions,
  ObjectRef,
  PatchBody,
  WriteOptions,
} from '../cluster/ClusterClient';
import type { Discovery } from '../cluster/Discovery';
import { cloneJson } from '../cluster/json';
import type { ApiObject, KubernetesObject } from '../cluster/KubernetesObject';
import {
  apiVersionOf,
  groupResource,
  ResourceType,
  ResourceTypeRef,
} from '../cluster/ResourceType';
import { matchesSelector } from '../backup/labelSelector';
import { parseSelector } from '../consent/labelSelector';
import { applyMergePatch } from '../restore/modifiers/mergePatch';

/** A type that the cluster serves, with what it holds at first. */
export interface ServedType {
  group: string;
  version: string;
  resource: string;
  kind: string;
  shortName?: string;
  namespaced: boolean;
  items?: KubernetesObject[];
}

/**
 * A cluster in memory for tests of decisions that need one: it neither defaults nor validates, and sets neither UIDs nor
 * versions. For everything else there is the embedded cluster.
 */
export class MemoryClusterClient implements ClusterClient {
  readonly types: ResourceType[] = [];
  /** Keys of created objects, in their order: `pods:ns/name`. */
  readonly created: string[] = [];
  private readonly objects = new Map<string, Map<string, KubernetesObject>>();

  constructor(served: ServedType[]) {
    for (const type of served) {
      const known = this.types.find(
        t =>
          t.group === type.group &&
          t.version === type.version &&
          t.resource === type.resource,
      );
      if (!known) {
        this.types.push({
          group: type.group,
          version: type.version,
          resource: type.resource,
          kind: type.kind,
          namespaced: type.namespaced,
          verbs: ['list', 'create', 'get', 'delete'],
          shortNames: type.shortName ? [type.shortName] : [],
          singularName: type.resource.replace(/s$/, ''),
        });
      }
      for (const item of type.items ?? []) {
        this.of(type).set(keyOf(item.metadata), cloneJson(item));
      }
    }
  }

  /** Everything that the cluster holds, by type. */
  contents(): { [type: string]: KubernetesObject[] } {
    return Object.fromEntries(
      [...this.objects].map(([type, objects]) => [type, [...objects.values()]]),
    );
  }

  async discover(): Promise<Discovery> {
    const preferred = this.types.filter(
      (type, index) =>
        this.types.findIndex(
          other => groupResource(other) === groupResource(type),
        ) === index,
    );
    return {
      preferred,
      all: this.types,
      warnings: [],
      serverVersion: { gitVersion: 'v1.34.0', major: '1', minor: '34' },
      find: name => {
        const [resource, ...group] = name.toLowerCase().split('.');
        const named = preferred.filter(
          type =>
            type.resource === resource ||
            type.singularName === resource ||
            type.shortNames.includes(resource),
        );
        return group.length === 0
          ? named[0]
          : named.find(type => type.group === group.join('.'));
      },
      forKind: (apiVersion, kind) =>
        this.types.find(
          type => apiVersionOf(type) === apiVersion && type.kind === kind,
        ),
    };
  }

  async get<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    ref: ObjectRef,
  ): Promise<T | undefined> {
    const found = this.of(type).get(keyOf(ref));
    return found && (cloneJson(found) as unknown as T);
  }

  async *list<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    options: ListOptions = {},
  ): AsyncIterable<T> {
    for (const object of [...this.of(type).values()]) {
      const isThere =
        options.namespace === undefined ||
        object.metadata.namespace === options.namespace;
      const isChosen =
        options.labelSelector === undefined ||
        matchesSelector(
          object.metadata.labels,
          parseSelector(options.labelSelector),
        );
      if (isThere && isChosen) {
        yield cloneJson(object) as unknown as T;
      }
    }
  }

  async create<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const key = keyOf(object.metadata);
    if (this.of(type).has(key)) {
      throw new ApiError(
        `${groupResource(type)} "${object.metadata.name}" already exists`,
        { code: 409, reason: 'AlreadyExists' },
      );
    }
    if (!options.dryRun) {
      this.of(type).set(key, cloneJson(object) as unknown as KubernetesObject);
      this.created.push(`${groupResource(type)}:${key}`);
    }
    return cloneJson(object);
  }

  async replace<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    object: T,
  ): Promise<T> {
    this.existing(type, object.metadata);
    this.of(type).set(
      keyOf(object.metadata),
      cloneJson(object) as unknown as KubernetesObject,
    );
    return object;
  }

  async patch<T extends ApiObject = KubernetesObject>(
    type: ResourceTypeRef,
    ref: ObjectRef,
    patch: PatchBody,
  ): Promise<T> {
    const patched = applyMergePatch(this.existing(type, ref), patch.body);
    this.of(type).set(keyOf(ref), patched);
    return patched as unknown as T;
  }

  async delete(
    type: ResourceTypeRef,
    ref: ObjectRef,
    _options?: DeleteOptions,
  ): Promise<'deleted' | 'not found'> {
    return this.of(type).delete(keyOf(ref)) ? 'deleted' : 'not found';
  }

  watch(): never {
    throw new Error('the cluster in memory cannot be watched');
  }

  private existing(
    type: ResourceTypeRef,
    ref: { namespace?: string; name?: string },
  ): KubernetesObject {
    const found = this.of(type).get(keyOf(ref));
    if (!found) {
      throw new ApiError(`${groupResource(type)} "${ref.name}" not found`, {
        code: 404,
        reason: 'NotFound',
      });
    }
    return found;
  }

  private of(type: {
    group: string;
    resource: string;
  }): Map<string, KubernetesObject> {
    const key = groupResource(type);
    let objects = this.objects.get(key);
    if (!objects) {
      objects = new Map();
      this.objects.set(key, objects);
    }
    return objects;
  }
}

function keyOf(ref: { namespace?: string; name?: string }): string {
  return ref.namespace ? `${ref.namespace}/${ref.name}` : `${ref.name}`;
}
