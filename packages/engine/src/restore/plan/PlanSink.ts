import type { ClusterClient } from '../../cluster/ClusterClient';
import type { Discovery } from '../../cluster/Discovery';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { groupResource, type ResourceType } from '../../cluster/ResourceType';
import type {
  ItemSink,
  NamespacePlacement,
  PlaceOptions,
  Placement,
} from '../ItemSink';
import { decide } from './decide';
import { typesOfDefinition, withTypes } from './plannedTypes';
import { isForbidden } from '../../cluster/ApiError';

interface PlacedObject {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** The version is left out: an object is the same in all versions of its group. */
function keyOf({ apiVersion, kind, namespace, name }: PlacedObject): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return JSON.stringify([group, kind, namespace ?? '', name]);
}

/** Tells what a restore would do, by reading only. */
export class PlanSink implements ItemSink {
  private readonly missing = new Set<string>();
  /** Types that definitions of this restore bring along. */
  private readonly planned = new Map<string, ResourceType[]>();
  private readonly live = new Set<string>();

  constructor(
    private readonly client: ClusterClient,
    private readonly signal: AbortSignal,
  ) {}

  /** Whether an object that was to be placed is in the cluster already. */
  found(object: PlacedObject): boolean {
    return this.live.has(keyOf(object));
  }

  async ensureNamespace(
    namespace: KubernetesObject,
  ): Promise<NamespacePlacement> {
    const name = namespace.metadata.name ?? '';
    const live = await this.client.get(
      coreTypes.namespaces,
      { name },
      { signal: this.signal },
    );
    if (!live) {
      this.missing.add(name);
    }
    return live ? 'exists' : 'created';
  }

  async place(
    object: KubernetesObject,
    type: ResourceType,
    options: PlaceOptions,
  ): Promise<Placement> {
    const { namespace, name = '' } = object.metadata;
    if (
      (namespace && this.missing.has(namespace)) ||
      this.planned.has(groupResource(type))
    ) {
      return { action: 'created' };
    }
    let live: KubernetesObject | undefined;
    try {
      live = await this.client.get(
        type,
        { namespace, name },
        { signal: this.signal },
      );
    } catch (error) {
      if (!isForbidden(error)) {
        throw error;
      }
      return {
        action: 'failed',
        error: `may not be read: ${(error as Error).message}`,
      };
    }
    if (live) {
      this.live.add(keyOf({ ...object, namespace, name }));
    }
    const decision = decide(
      object,
      live && (await options.comparable(live)),
      options,
    );
    switch (decision.action) {
      case 'create':
        this.noteDefinition(object, type);
        return { action: 'created' };
      case 'update':
        return { action: 'updated' };
      case 'equal':
        return { action: 'skipped', reason: 'it is there and equal' };
      case 'shared':
        return {
          action: 'skipped',
          reason: 'it is there, and other workloads use it too',
        };
      default:
        return {
          action: 'skipped',
          reason: 'it is there and different, and stays as it is',
          warning: decision.warning,
        };
    }
  }

  /** What a cluster will serve once the definitions seen so far are created. */
  afterDefinitions(discovery: Discovery): Discovery {
    return withTypes(discovery, [...this.planned.values()].flat());
  }

  private noteDefinition(object: KubernetesObject, type: ResourceType): void {
    if (
      groupResource(type) === 'customresourcedefinitions.apiextensions.k8s.io'
    ) {
      const types = typesOfDefinition(object);
      if (types.length > 0) {
        this.planned.set(groupResource(types[0]), types);
      }
    }
  }

  async addOwner(): Promise<undefined> {
    return undefined;
  }

  async awaitsVolume(): Promise<boolean> {
    return false;
  }

  async startOperation(): Promise<undefined> {
    return undefined;
  }

  async waitForDefinition(): Promise<undefined> {
    return undefined;
  }
}
