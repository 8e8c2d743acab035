import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ResourceType, ResourceTypeRef } from '../../cluster/ResourceType';
import type { NamespaceChoice } from '../BackupFilters';
import { objectsAt, valueAt } from '../jsonPath';

const rulesReviews: ResourceTypeRef = {
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectrulesreviews',
  namespaced: false,
};

/** Why a list was forbidden, as far as it concerns more than its type. */
export type Refusal =
  /** Lists over all namespaces are not for this engine: it lists one after the other. */
  | 'not in all namespaces'
  /** There is no such namespace, so nobody can have given the engine access to it. */
  | 'missing'
  /** Nothing at all may be listed in the namespace. */
  | 'unserved'
  /** Other types may be listed there. */
  | 'this type';

/**
 * Follows which namespaces a backup lists. It begins with the choice of its filters; what the API server forbids is looked at
 * once, so that an engine with access to single namespaces takes those, and a namespace without access is one finding.
 */
export class ReadableNamespaces {
  private readonly refused = new Set<string>();
  private all: string[] | undefined;

  constructor(
    private readonly options: {
      client: ClusterClient;
      choice: NamespaceChoice;
      /** All types, to tell rules of namespaced ones from those of others. */
      types: ResourceType[];
      signal: AbortSignal;
    },
  ) {}

  /** Namespaces to list one by one; undefined for one list over all. */
  toList(): string[] | undefined {
    const names = this.options.choice.toList ?? this.all;
    return names?.filter(name => !this.refused.has(name));
  }

  /** Whether nothing can be taken from a namespace. */
  isRefused(namespace: string): boolean {
    return this.refused.has(namespace);
  }

  /**
   * Finds out what a forbidden list means for the lists to come.
   *
   * @param namespace - where it was forbidden; undefined for all namespaces
   */
  async explain(namespace: string | undefined): Promise<Refusal> {
    const { client, choice, signal } = this.options;
    if (namespace === undefined) {
      const names: string[] = [];
      for await (const each of client.list(coreTypes.namespaces, { signal })) {
        names.push(each.metadata.name ?? '');
      }
      this.all = names.filter(name => choice.shouldInclude(name));
      return 'not in all namespaces';
    }
    if (await this.mayListAnything(namespace)) {
      return 'this type';
    }
    this.refused.add(namespace);
    return (await this.isMissing(namespace)) ? 'missing' : 'unserved';
  }

  private async isMissing(name: string): Promise<boolean> {
    const { client, signal } = this.options;
    try {
      const found = await client.get(
        coreTypes.namespaces,
        { name },
        { signal },
      );
      return found === undefined;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  private async mayListAnything(namespace: string): Promise<boolean> {
    const { client, signal } = this.options;
    const review: KubernetesObject = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: {},
      spec: { namespace },
    };
    try {
      const answer = await client.create(rulesReviews, review, { signal });
      return (
        valueAt(answer, 'status', 'incomplete') === true ||
        objectsAt(answer, 'status', 'resourceRules').some(rule =>
          this.listsNamespaced(rule),
        )
      );
    } catch {
      signal.throwIfAborted();
      // A cluster that does not answer the question: each type is a finding of its own.
      return true;
    }
  }

  private listsNamespaced(rule: { [field: string]: unknown }): boolean {
    const has = (field: string, value: string) => {
      const values = rule[field];
      return (
        Array.isArray(values) &&
        (values.includes('*') || values.includes(value))
      );
    };
    const named = rule.resourceNames;
    return (
      has('verbs', 'list') &&
      !(Array.isArray(named) && named.length > 0) &&
      this.options.types.some(
        type =>
          type.namespaced &&
          has('apiGroups', type.group) &&
          has('resources', type.resource),
      )
    );
  }
}
