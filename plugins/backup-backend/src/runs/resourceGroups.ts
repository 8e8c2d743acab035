import type {
  ResourceGroup,
  RestoreRunDetail,
} from '@lifeboat/backstage-plugin-backup-common';
import type { ResourceList } from '@lifeboat/velero-api';

/** Kind and API version of a key such as `apps/v1/Deployment` or `v1/Pod`. */
function typeOf(key: string): { apiVersion: string; kind: string } {
  const slash = key.lastIndexOf('/');
  return { apiVersion: key.slice(0, slash), kind: key.slice(slash + 1) };
}

/**
 * The name of an entry that belongs to one of the namespaces: `shop/web` →
 * `web`. Cluster-scoped entries have no namespace and are kept, as the run only
 * holds what its scope needs. Undefined for other namespaces.
 */
function nameWithin(
  entry: string,
  namespaces: readonly string[],
): string | undefined {
  const slash = entry.indexOf('/');
  if (slash < 0) {
    return entry;
  }
  return namespaces.includes(entry.slice(0, slash))
    ? entry.slice(slash + 1)
    : undefined;
}

function byKind(
  a: { kind: string; apiVersion: string },
  b: { kind: string; apiVersion: string },
): number {
  return (
    a.kind.localeCompare(b.kind, 'en') ||
    a.apiVersion.localeCompare(b.apiVersion, 'en')
  );
}

/** The objects of a backup, by kind, limited to the scope's namespace. */
export function resourceGroups(
  list: ResourceList | undefined,
  namespace: string,
): ResourceGroup[] {
  return Object.entries(list ?? {})
    .map(([key, entries]) => ({
      ...typeOf(key),
      objects: entries
        // The Namespace object itself is cluster-scoped: only the scope's own.
        .filter(entry => key !== 'v1/Namespace' || entry === namespace)
        .map(entry => nameWithin(entry, [namespace]))
        .filter(name => name !== undefined),
    }))
    .filter(({ objects }) => objects.length > 0)
    .sort(byKind);
}

type RestoredGroup = RestoreRunDetail['resources'][number];
type RestoreResult = RestoredGroup['objects'][number]['result'];

const remark = /^(.*)\((created|updated|failed|skipped)\)$/;

/** The objects of a restore with what became of each, limited to the target namespace. */
export function restoredGroups(
  list: ResourceList | undefined,
  targetNamespace: string,
): RestoredGroup[] {
  return Object.entries(list ?? {})
    .map(([key, entries]) => ({
      ...typeOf(key),
      objects: entries.flatMap(entry => {
        const [, path = entry, result = 'skipped'] = remark.exec(entry) ?? [];
        if (key === 'v1/Namespace' && path !== targetNamespace) {
          return [];
        }
        const name = nameWithin(path, [targetNamespace]);
        return name === undefined
          ? []
          : [{ name, result: result as RestoreResult }];
      }),
    }))
    .filter(({ objects }) => objects.length > 0)
    .sort(byKind);
}
