import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ResourceType } from '../../cluster/ResourceType';
import type {
  ItemSink,
  NamespacePlacement,
  PlaceOptions,
  Placement,
} from '../ItemSink';
import { decide } from './decide';
import { isForbidden } from '../../cluster/ApiError';

/** Tells what a restore would do, by reading only. */
export class PlanSink implements ItemSink {
  private readonly missing = new Set<string>();

  constructor(
    private readonly client: ClusterClient,
    private readonly signal: AbortSignal,
  ) {}

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
    if (namespace && this.missing.has(namespace)) {
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
    const decision = decide(
      object,
      live && (await options.comparable(live)),
      options,
    );
    switch (decision.action) {
      case 'create':
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

  async addOwner(): Promise<undefined> {
    return undefined;
  }

  async waitForDefinition(): Promise<undefined> {
    return undefined;
  }
}
