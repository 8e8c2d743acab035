import type { LabelSelector } from '@lifeboat/velero-api';
import type { Discovery } from '../../cluster/Discovery';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { groupResourceOf, ItemIdentifier, itemKey } from '../ItemIdentifier';
import { isJsonObject, objectsAt, stringAt, valueAt } from '../jsonPath';
import type { Reference } from './podReferences';
import {
  ingressServices,
  podTemplateOf,
  referencesOf,
  routeServices,
} from './references';

/** The few facts about an object of a namespace that tell what belongs together. */
export interface ObjectFacts {
  id: ItemIdentifier;
  uid: string;
  ownerUids: string[];
  /** What the object names in its own fields. */
  references: Reference[];
  /** Labels of the pods that it is or makes. */
  podLabels?: { [key: string]: string };
  /** Pods that a Service, PodDisruptionBudget or NetworkPolicy applies to. */
  podSelector?: LabelSelector;
  /** Services that an Ingress or Route leads to. */
  services?: string[];
  /** Workload that an autoscaler scales. */
  scaleTarget?: { kind: string; name: string };
  /** ServiceAccounts that a RoleBinding is for. */
  accounts?: { namespace: string; name: string }[];
  /** Name parts of the claims that a StatefulSet makes, `<template>-<set>-`. */
  claimPrefixes?: string[];
}

/** Types whose objects are read to find what belongs together. */
export const viewedTypes = [
  'pods',
  'replicasets.apps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'controllerrevisions.apps',
  'replicationcontrollers',
  'deploymentconfigs.apps.openshift.io',
  'jobs.batch',
  'cronjobs.batch',
  'persistentvolumeclaims',
  'serviceaccounts',
  'services',
  'ingresses.networking.k8s.io',
  'routes.route.openshift.io',
  'horizontalpodautoscalers.autoscaling',
  'poddisruptionbudgets.policy',
  'networkpolicies.networking.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
] as const;

function podSelectorOf(
  object: KubernetesObject,
  groupResource: string,
): LabelSelector | undefined {
  switch (groupResource) {
    case 'services': {
      const labels = valueAt(object, 'spec', 'selector');
      return isJsonObject(labels) && Object.keys(labels).length > 0
        ? { matchLabels: labels as { [key: string]: string } }
        : undefined;
    }
    case 'poddisruptionbudgets.policy':
      return valueAt(object, 'spec', 'selector') as LabelSelector | undefined;
    case 'networkpolicies.networking.k8s.io':
      return (valueAt(object, 'spec', 'podSelector') ?? {}) as LabelSelector;
    default:
      return undefined;
  }
}

/** Reduces an object to its {@link ObjectFacts}. */
export function factsOf(
  object: KubernetesObject,
  type: { group: string; resource: string },
): ObjectFacts {
  const groupResource = groupResourceOf(type);
  const { name = '', namespace, uid = '' } = object.metadata;
  const facts: ObjectFacts = {
    id: { group: type.group, resource: type.resource, namespace, name },
    uid,
    ownerUids: (object.metadata.ownerReferences ?? []).map(owner => owner.uid),
    references: referencesOf(object, groupResource),
    podLabels: podTemplateOf(object)?.labels,
    podSelector: podSelectorOf(object, groupResource),
  };
  if (groupResource === 'ingresses.networking.k8s.io') {
    facts.services = ingressServices(object);
  } else if (groupResource === 'routes.route.openshift.io') {
    facts.services = routeServices(object);
  } else if (groupResource === 'horizontalpodautoscalers.autoscaling') {
    const kind = stringAt(object, 'spec', 'scaleTargetRef', 'kind');
    const target = stringAt(object, 'spec', 'scaleTargetRef', 'name');
    facts.scaleTarget = kind && target ? { kind, name: target } : undefined;
  } else if (groupResource === 'rolebindings.rbac.authorization.k8s.io') {
    facts.accounts = objectsAt(object, 'subjects')
      .filter(subject => subject.kind === 'ServiceAccount')
      .map(subject => ({
        namespace: stringAt(subject, 'namespace') ?? namespace ?? '',
        name: stringAt(subject, 'name') ?? '',
      }));
  } else if (groupResource === 'statefulsets.apps') {
    facts.claimPrefixes = objectsAt(object, 'spec', 'volumeClaimTemplates').map(
      template => `${stringAt(template, 'metadata', 'name')}-${name}-`,
    );
  }
  return facts;
}

/**
 * What is in one namespace, reduced to the facts that tell what belongs together. Holds no content of objects, so that it
 * stays small in large namespaces.
 */
export class NamespaceView {
  private readonly facts: ObjectFacts[] = [];
  private readonly byKey = new Map<string, ObjectFacts>();
  private readonly byType = new Map<string, ObjectFacts[]>();
  private readonly childrenByUid = new Map<string, ObjectFacts[]>();

  constructor(
    readonly namespace: string,
    private readonly discovery: Pick<Discovery, 'forKind'>,
  ) {}

  add(facts: ObjectFacts): void {
    this.facts.push(facts);
    this.byKey.set(itemKey(facts.id), facts);
    const type = groupResourceOf(facts.id);
    const sameType = this.byType.get(type) ?? [];
    sameType.push(facts);
    this.byType.set(type, sameType);
    for (const uid of facts.ownerUids) {
      const children = this.childrenByUid.get(uid) ?? [];
      children.push(facts);
      this.childrenByUid.set(uid, children);
    }
  }

  all(): readonly ObjectFacts[] {
    return this.facts;
  }

  of(groupResource: string): readonly ObjectFacts[] {
    return this.byType.get(groupResource) ?? [];
  }

  find(id: ItemIdentifier): ObjectFacts | undefined {
    return this.byKey.get(itemKey(id));
  }

  childrenOf(uid: string): ObjectFacts[] {
    return this.childrenByUid.get(uid) ?? [];
  }

  /** The plural name of a kind, as an owner reference names it. */
  resourceFor(
    apiVersion: string,
    kind: string,
  ): { group: string; resource: string; namespaced: boolean } | undefined {
    return this.discovery.forKind(apiVersion, kind);
  }
}
