import type { KubernetesObject } from '../../cluster/KubernetesObject';

/** Which objects an action is for; absent lists are for all. */
export interface ResourceSelector {
  includedNamespaces?: string[];
  excludedNamespaces?: string[];
  /** Names as people write them: `pods`, `po`, `deployments.apps`. */
  includedResources?: string[];
  excludedResources?: string[];
  /** Equality terms `key=value`, separated by commas. */
  labelSelector?: string;
}

function contains(list: string[], name: string): boolean {
  return list.includes('*') || list.includes(name);
}

function labelsMatch(text: string, labels: { [key: string]: string }): boolean {
  return text
    .split(',')
    .map(term => term.trim())
    .filter(term => term !== '')
    .every(term => {
      const [key, value] = term.split('=', 2);
      return value === undefined ? key in labels : labels[key] === value;
    });
}

/**
 * Whether an action is for an object.
 *
 * @param resolve - `deployments.apps` for any name of a served type; unknown names stay as they are
 */
export function selectorApplies(
  selector: ResourceSelector,
  object: KubernetesObject,
  groupResource: string,
  resolve: (name: string) => string,
): boolean {
  const { namespace } = object.metadata;
  const included = (selector.includedResources ?? []).map(resolve);
  const excluded = (selector.excludedResources ?? []).map(resolve);
  if (included.length > 0 && !contains(included, groupResource)) {
    return false;
  }
  if (excluded.includes(groupResource)) {
    return false;
  }
  const namespaces = selector.includedNamespaces ?? [];
  if (namespaces.length > 0 && !contains(namespaces, namespace ?? '')) {
    return false;
  }
  if (namespace && (selector.excludedNamespaces ?? []).includes(namespace)) {
    return false;
  }
  return labelsMatch(
    selector.labelSelector ?? '',
    object.metadata.labels ?? {},
  );
}
