import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { groupResourceOf, ItemIdentifier, itemKey } from '../ItemIdentifier';
import { matchesSelector } from '../labelSelector';
import { factsOf, NamespaceView, ObjectFacts } from './NamespaceView';
import type { Reference } from './podReferences';

/** Owners of these types have their dependents taken along; other owners (operators' resources) may own half a namespace. */
const workloads = new Set([
  'replicasets.apps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'replicationcontrollers',
  'deploymentconfigs.apps.openshift.io',
  'jobs.batch',
  'cronjobs.batch',
]);

function owners(object: KubernetesObject, view: NamespaceView): Reference[] {
  return (object.metadata.ownerReferences ?? []).flatMap(owner => {
    const type = view.resourceFor(owner.apiVersion, owner.kind);
    return type
      ? [
          {
            group: type.group,
            resource: type.resource,
            namespace: type.namespaced ? object.metadata.namespace : undefined,
            name: owner.name,
            optional: true,
          },
        ]
      : [];
  });
}

function dependents(facts: ObjectFacts, view: NamespaceView): Reference[] {
  if (!workloads.has(groupResourceOf(facts.id))) {
    return [];
  }
  const claims = view
    .of('persistentvolumeclaims')
    .filter(claim =>
      (facts.claimPrefixes ?? []).some(
        prefix =>
          claim.id.name.startsWith(prefix) &&
          /^\d+$/.test(claim.id.name.slice(prefix.length)),
      ),
    );
  return [...view.childrenOf(facts.uid), ...claims].map(child => child.id);
}

function appliedToPods(
  podLabels: { [key: string]: string },
  view: NamespaceView,
): Reference[] {
  return [
    'services',
    'poddisruptionbudgets.policy',
    'networkpolicies.networking.k8s.io',
  ]
    .flatMap(type => view.of(type))
    .filter(
      facts =>
        facts.podSelector && matchesSelector(podLabels, facts.podSelector),
    )
    .map(facts => facts.id);
}

/**
 * Objects that belong to a chosen object: what it names, its owners, what it owns, and what applies to it.
 *
 * - pods and workloads: claims, ConfigMaps, Secrets, ServiceAccount, PriorityClass; owners up to the Deployment, and down again;
 *   Services, PodDisruptionBudgets and NetworkPolicies that select their pods; autoscalers
 * - claims: their volume; ServiceAccounts: pull secrets and RoleBindings; RoleBindings: their Role
 * - Services: the Ingresses and Routes that lead to them, and from there the certificates
 *
 * Pure: the view is read before. CRDs and Namespaces are added by the backup itself.
 */
export function relatedItems(
  object: KubernetesObject,
  type: { group: string; resource: string },
  view: NamespaceView,
): Reference[] {
  const groupResource = groupResourceOf(type);
  const facts = factsOf(object, type);
  const found: Reference[] = [
    ...facts.references,
    ...owners(object, view),
    ...dependents(facts, view),
  ];
  if (facts.podLabels) {
    found.push(...appliedToPods(facts.podLabels, view));
  }
  if (workloads.has(groupResource)) {
    found.push(
      ...view
        .of('horizontalpodautoscalers.autoscaling')
        .filter(
          scaler =>
            scaler.scaleTarget?.kind === object.kind &&
            scaler.scaleTarget.name === facts.id.name,
        )
        .map(scaler => scaler.id),
    );
  }
  if (groupResource === 'services') {
    found.push(
      ...['ingresses.networking.k8s.io', 'routes.route.openshift.io']
        .flatMap(entrance => view.of(entrance))
        .filter(entrance => entrance.services?.includes(facts.id.name))
        .map(entrance => entrance.id),
    );
  }
  if (groupResource === 'serviceaccounts') {
    found.push(
      ...view
        .of('rolebindings.rbac.authorization.k8s.io')
        .filter(binding =>
          binding.accounts?.some(
            account =>
              account.name === facts.id.name &&
              account.namespace === object.metadata.namespace,
          ),
        )
        .map(binding => binding.id),
    );
  }
  const seen = new Set<string>([itemKey(facts.id)]);
  return found.filter(reference => {
    const key = itemKey(reference);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/**
 * Of the objects that came in as related items, those that something outside the backup uses too. They are restored only if
 * missing.
 *
 * @param related - objects that came in as related items, not by the selector
 * @param isInBackup - whether an object is part of the backup, chosen or related
 */
export function sharedItems(
  related: ItemIdentifier[],
  view: NamespaceView,
  isInBackup: (id: ItemIdentifier) => boolean,
): ItemIdentifier[] {
  const outside = view.all().filter(facts => !isInBackup(facts.id));
  const usedOutside = new Set(
    outside.flatMap(facts => [
      ...facts.references.map(itemKey),
      ...(facts.services ?? []).map(name =>
        itemKey({
          group: '',
          resource: 'services',
          namespace: view.namespace,
          name,
        }),
      ),
    ]),
  );
  const outsidePods = outside.filter(facts => facts.podLabels);
  return related.filter(id => {
    if (usedOutside.has(itemKey(id))) {
      return true;
    }
    const facts = view.find(id);
    const selector = facts?.podSelector;
    if (selector) {
      return outsidePods.some(pod => matchesSelector(pod.podLabels, selector));
    }
    return (facts?.accounts ?? []).some(
      account =>
        !isInBackup({ group: '', resource: 'serviceaccounts', ...account }),
    );
  });
}
