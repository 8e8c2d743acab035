import { itemKey } from '../../backup/ItemIdentifier';
import { stringAt } from '../../backup/jsonPath';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes } from '../../cluster/knownTypes';
import type { BackupContents } from '../read/BackupContents';
import type { RestoreFilters } from '../RestoreFilters';
import type { VolumeRecords } from '../volumes/VolumeRecords';
import type { ExistingClaim } from './InPlaceRestore';

const type = 'persistentvolumeclaims';

/**
 * The claims of a backup that are there, bound, and whose content the backup has in its repository.
 *
 * @param question - `targetOf`: where objects of a namespace go; `shared`: keys of objects that other workloads use too, which a
 *   restore never changes
 */
export async function findExistingClaims(question: {
  contents: BackupContents;
  filters: RestoreFilters;
  records: VolumeRecords;
  client: ClusterClient;
  shared: ReadonlySet<string>;
  targetOf(namespace: string): string;
  signal: AbortSignal;
}): Promise<{ claims: ExistingClaim[]; shared: string[] }> {
  const { contents, filters, records, client, signal } = question;
  const claims: ExistingClaim[] = [];
  const shared: string[] = [];
  if (!filters.includesType(type)) {
    return { claims, shared };
  }
  for (const item of contents.itemsOf(type)) {
    const { namespace, name } = item;
    if (!namespace || !filters.includesNamespace(namespace, type)) {
      continue;
    }
    const original = await contents.read(item).catch(() => undefined);
    if (!original || !filters.selects(original, type)) {
      continue;
    }
    const data = records.ofClaim(original);
    if (data.kind !== 'moved' && data.kind !== 'files') {
      continue;
    }
    const live = await client.get(
      coreTypes.persistentVolumeClaims,
      { namespace: question.targetOf(namespace), name },
      { signal },
    );
    if (
      !live ||
      live.metadata.deletionTimestamp ||
      stringAt(live, 'status', 'phase') !== 'Bound'
    ) {
      continue;
    }
    if (
      question.shared.has(
        itemKey({ group: '', resource: type, namespace, name }),
      )
    ) {
      shared.push(name);
    } else {
      claims.push({ live, data, originalUid: original.metadata.uid ?? '' });
    }
  }
  return { claims, shared };
}

/** Keys of claims that are there: `namespace/name`. */
export function claimKeys(
  claims: readonly ExistingClaim[],
): ReadonlySet<string> {
  return new Set(
    claims.map(
      ({ live }) => `${live.metadata.namespace}/${live.metadata.name}`,
    ),
  );
}
