import type { ResourceList } from '@lifeboat/velero-api';

/**
 * Content of `<backup>-resource-list.json.gz`: which objects a run holds, by `group/version/Kind` (`v1/Pod`, `apps/v1/Deployment`).
 * Values are `namespace/name` or `name`, sorted. Source: Velero, object storage layout.
 */
export class ResourceListBuilder {
  private readonly byType = new Map<string, Set<string>>();

  /** @param remark - outcome in brackets for restores: `created`, `updated`, `failed`, `skipped` */
  add(
    item: { apiVersion: string; kind: string },
    ref: { namespace?: string; name: string },
    remark?: string,
  ): void {
    const type = `${item.apiVersion}/${item.kind}`;
    let names = this.byType.get(type);
    if (!names) {
      names = new Set();
      this.byType.set(type, names);
    }
    const name = ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name;
    names.add(remark ? `${name}(${remark})` : name);
  }

  /** Number of entries of one type, for example `v1/PersistentVolumeClaim`. */
  count(type: string): number {
    return this.byType.get(type)?.size ?? 0;
  }

  toJSON(): ResourceList {
    const sorted: ResourceList = {};
    for (const type of [...this.byType.keys()].sort()) {
      sorted[type] = [...this.byType.get(type)!].sort();
    }
    return sorted;
  }
}
