import { BackupSpec, isWildcard, veleroLabels } from '@lifeboat/velero-api';
import { isForbidden } from '../cluster/ApiError';
import type { ClusterClient } from '../cluster/ClusterClient';
import { coreTypes } from '../cluster/knownTypes';
import type { KubernetesObject } from '../cluster/KubernetesObject';

/** What is known about the cluster's namespaces before a backup. */
export interface ExistingNamespaces {
  names: string[];
  /** Labelled `velero.io/exclude-from-backup=true`. */
  excluded: string[];
}

function summarise(namespaces: KubernetesObject[]): ExistingNamespaces {
  return {
    names: namespaces.map(namespace => namespace.metadata.name ?? ''),
    excluded: namespaces
      .filter(
        namespace =>
          namespace.metadata.labels?.[veleroLabels.excludeFromBackup] ===
          'true',
      )
      .map(namespace => namespace.metadata.name ?? ''),
  };
}

/**
 * Reads the namespaces that matter to a backup: those that it names, or all when it has patterns. An engine that may not list
 * namespaces can still back up those that it is granted by name.
 */
export async function existingNamespaces(
  spec: BackupSpec,
  client: ClusterClient,
  signal: AbortSignal,
): Promise<ExistingNamespaces> {
  const included = spec.includedNamespaces ?? [];
  if (included.length > 0 && !included.some(isWildcard)) {
    const found: KubernetesObject[] = [];
    for (const name of included.filter(n => n !== '')) {
      try {
        const namespace = await client.get(
          coreTypes.namespaces,
          { name },
          { signal },
        );
        if (namespace) {
          found.push(namespace);
        }
      } catch (error) {
        // The run names what it cannot read; here only the exclude label matters.
        if (!isForbidden(error)) {
          throw error;
        }
      }
    }
    return summarise(found);
  }
  const all: KubernetesObject[] = [];
  for await (const namespace of client.list(coreTypes.namespaces, { signal })) {
    all.push(namespace);
  }
  return summarise(all);
}
