import {
  createResourceResolver,
  expandRestoreNamespaces,
  IncludesExcludes,
  LabelSelector,
  resolveResourceLists,
  RestoreSpec,
  shouldExpandWildcards,
} from '@lifeboat/velero-api';
import { matchesSelector } from '../backup/labelSelector';
import type { Discovery } from '../cluster/Discovery';
import type { KubernetesObject } from '../cluster/KubernetesObject';

/** Types that Velero restores whatever the filters say: volume data depends on them. */
const mustHave = new Set([
  'datauploads.velero.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
]);

/**
 * Which objects of a backup a Restore takes.
 *
 * Source: Velero, restore flow (`pkg/restore/restore.go`).
 */
export class RestoreFilters {
  private readonly types: IncludesExcludes;
  private readonly namespaces: IncludesExcludes;
  private readonly onlyNothing: boolean;
  private readonly selectors: LabelSelector[];

  /**
   * @param inBackup - namespaces found in the backup, for globs
   * @throws Error if a namespace pattern is invalid
   */
  constructor(
    private readonly spec: RestoreSpec,
    inBackup: string[],
    discovery: Pick<Discovery, 'preferred'>,
  ) {
    this.types = resolveResourceLists(
      spec.includedResources,
      spec.excludedResources,
      createResourceResolver(discovery.preferred),
    );
    const wanted = spec.includedNamespaces ?? [];
    const unwanted = spec.excludedNamespaces ?? [];
    const expanded = expandRestoreNamespaces(inBackup, wanted, unwanted);
    this.namespaces = new IncludesExcludes(
      expanded.includes,
      expanded.excludes,
    );
    // Patterns that match nothing leave an empty list, which would mean everything.
    this.onlyNothing =
      shouldExpandWildcards(wanted, unwanted) && expanded.includes.length === 0;
    this.selectors = spec.labelSelector
      ? [spec.labelSelector]
      : spec.orLabelSelectors ?? [];
  }

  includesType(groupResource: string): boolean {
    return (
      this.types.shouldInclude(groupResource) || mustHave.has(groupResource)
    );
  }

  includesNamespace(namespace: string, groupResource: string): boolean {
    return (
      mustHave.has(groupResource) ||
      (!this.onlyNothing && this.namespaces.shouldInclude(namespace))
    );
  }

  /** Whether objects outside namespaces are restored for their own sake. */
  get includesClusterScoped(): boolean {
    const { includeClusterResources } = this.spec;
    return (
      includeClusterResources === true ||
      (includeClusterResources !== false &&
        !this.onlyNothing &&
        this.namespaces.includeEverything())
    );
  }

  /** Whether objects outside namespaces are refused even when another object needs them. */
  get refusesClusterScoped(): boolean {
    return this.spec.includeClusterResources === false;
  }

  selects(object: KubernetesObject, groupResource: string): boolean {
    return (
      mustHave.has(groupResource) ||
      this.selectors.length === 0 ||
      this.selectors.some(selector =>
        matchesSelector(object.metadata.labels, selector),
      )
    );
  }
}
