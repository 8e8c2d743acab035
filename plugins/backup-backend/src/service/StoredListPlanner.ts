import {
  type ClusterClient,
  coreTypes,
  type ResourceType,
} from '@lifeboat/engine';
import {
  type Backup,
  type BackupVolumeInfo,
  type ResourceList,
  type RestoreSpec,
  nonRestorableResources,
} from '@lifeboat/velero-api';
import { resourceGroups } from '../runs/resourceGroups';
import { volumeFindings } from '../runs/volumeFindings';
import { type RunFiles, limits, readSignal } from '../storage/RunFiles';
import type { EntityCall } from './EntityCall';
import type {
  PlannedObject,
  RestorePlan,
  RestorePlanner,
} from './RestorePlanner';

/**
 * Plans from the list of objects that a backup keeps beside its tarball,
 * compared by name with what the target namespace holds.
 */
export class StoredListPlanner implements RestorePlanner {
  constructor(private readonly files: RunFiles) {}

  async plan(
    call: EntityCall,
    backup: Backup,
    spec: RestoreSpec,
  ): Promise<RestorePlan> {
    const { cluster } = call.target;
    const source = spec.includedNamespaces?.[0] ?? call.target.namespace;
    const target = spec.namespaceMapping?.[source] ?? source;
    const name = backup.metadata.name ?? '';
    const location = backup.spec.storageLocation ?? '';
    const signal = readSignal(call.signal);
    const store = await this.files.open(cluster, location);
    const options = { signal, maxBytes: limits.jsonBytes };
    const [list, volumes] = await this.files.read(cluster, location, () =>
      Promise.all([
        store.getBackupJson<ResourceList>(name, 'resourceList', options),
        store.getBackupJson<BackupVolumeInfo[]>(name, 'volumeInfo', options),
      ]),
    );
    const namespaceExists =
      (await cluster.client.get(coreTypes.namespaces, { name: target })) !==
      undefined;
    const discovery = await cluster.client.discover(signal);
    const objects: PlannedObject[] = [];
    for (const group of resourceGroups(list ?? undefined, source)) {
      const type = discovery.forKind(group.apiVersion, group.kind);
      const present =
        type && namespaceExists
          ? await namesIn(cluster.client, type, target, signal)
          : new Set<string>();
      for (const object of group.objects) {
        objects.push({
          apiVersion: group.apiVersion,
          kind: group.kind,
          name: object,
          ...fate(group, object, {
            type,
            present,
            target,
            // Velero compares when it restores; the list alone cannot.
            updates: spec.existingResourcePolicy === 'update',
          }),
        });
      }
    }
    return {
      problems: [],
      objects,
      volumes: [],
      volumesWithoutData: volumeFindings(
        volumes ?? undefined,
        list ?? undefined,
        source,
      ).filter(({ included }) => !included).length,
      notes: [],
    };
  }
}

function fate(
  { apiVersion, kind }: { apiVersion: string; kind: string },
  name: string,
  facts: {
    type: ResourceType | undefined;
    present: Set<string>;
    target: string;
    updates: boolean;
  },
): Pick<PlannedObject, 'action' | 'reason'> {
  const { type, present, target, updates } = facts;
  if (!type) {
    return {
      action: 'skip',
      reason: `The cluster does not know ${kind} of ${apiVersion}`,
    };
  }
  const resource = type.group
    ? `${type.resource}.${type.group}`
    : type.resource;
  if ((nonRestorableResources as readonly string[]).includes(resource)) {
    return { action: 'skip', reason: `${kind} objects are never restored` };
  }
  const namespaceItself = kind === 'Namespace' && apiVersion === 'v1';
  if (!present.has(namespaceItself ? target : name)) {
    return { action: 'create' };
  }
  return { action: updates && !namespaceItself ? 'update' : 'exists' };
}

async function namesIn(
  client: ClusterClient,
  type: ResourceType,
  namespace: string,
  signal: AbortSignal,
): Promise<Set<string>> {
  if (type.resource === 'namespaces' && type.group === '') {
    return new Set([namespace]);
  }
  const names = new Set<string>();
  for await (const { metadata } of client.list(type, {
    ...(type.namespaced && { namespace }),
    signal,
  })) {
    names.add(metadata.name ?? '');
  }
  return names;
}
