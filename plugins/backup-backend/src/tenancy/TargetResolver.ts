import type { Entity } from '@backstage/catalog-model';
import {
  type ConfigConsent,
  type KubernetesObject,
  coreTypes,
  selectorProblem,
} from '@lifeboat/engine';
import type { Cluster } from '../clusters/Cluster';
import type { Clusters } from '../clusters/Clusters';
import { problemError } from '../problems/problemError';
import {
  annotationMissing,
  chooseCluster,
  clusterUnknown,
  namespaceMissing,
  backupsOwnNamespace,
  noConsentingNamespace,
  selectorInvalid,
  severalNamespaces,
} from '../problems/problems';
import { entityLocation } from './entityLocation';
import { holdsObjects } from './holdsObjects';
import { recordedConsent } from './recordedConsent';
import { namespaceConsent, type NamespaceConsent } from './namespaceConsent';
import type { Target } from './Target';
import type { Viewer } from './visibleScope';

/**
 * Finds where an entity runs: cluster, namespace and effective label selector.
 * The annotations are claims; the namespace, or the platform's configuration,
 * must agree.
 */
export class TargetResolver {
  constructor(
    private readonly options: {
      clusters: Clusters;
      consent: ConfigConsent[];
    },
  ) {}

  /**
   * @param chosenCluster - what the user chose; counts only where the entity names no cluster
   * @throws an error with a problem that says what is missing and who can put it right
   */
  async resolve(
    entity: Entity,
    viewer: Viewer,
    chosenCluster?: string,
  ): Promise<Target> {
    const location = entityLocation(entity);
    if (!location.namespace && location.selector === undefined) {
      throw problemError(annotationMissing(entity.metadata.name));
    }
    const selector = this.#checked(location.selector);
    const cluster = this.#cluster(location.cluster, chosenCluster);
    return location.namespace
      ? this.#inNamespace(cluster, location.namespace, selector, viewer)
      : this.#search(cluster, selector ?? '', viewer);
  }

  #checked(selector: string | undefined): string | undefined {
    if (selector === undefined) {
      return undefined;
    }
    const problem = selectorProblem(selector);
    if (problem) {
      throw problemError(selectorInvalid(selector, problem));
    }
    return selector;
  }

  #cluster(named: string | undefined, chosen: string | undefined): Cluster {
    const { clusters } = this.options;
    if (named) {
      if (chosen && chosen !== named) {
        throw problemError(clusterUnknown(chosen, [{ name: named }]));
      }
      return clusters.get(named);
    }
    if (chosen) {
      return clusters.get(chosen);
    }
    const all = clusters.all();
    if (all.length === 0) {
      throw problemError(clusterUnknown(undefined, []));
    }
    if (all.length > 1) {
      throw problemError(chooseCluster(clusters.choices()));
    }
    return all[0];
  }

  async #inNamespace(
    cluster: Cluster,
    name: string,
    selector: string | undefined,
    viewer: Viewer,
  ): Promise<Target> {
    if (name === cluster.control.namespace) {
      throw problemError(backupsOwnNamespace(name));
    }
    const namespace = await cluster.client.get(coreTypes.namespaces, { name });
    const consent = this.#consent(cluster, name, namespace, selector, viewer);
    if (consent.allowed) {
      return targetOf(cluster, name, namespace, consent);
    }
    if (namespace) {
      throw problemError(consent.problem);
    }
    const recorded = recordedConsent(
      await cluster.control.backups.list(),
      { cluster: cluster.name, namespace: name },
      viewer,
    );
    if (!recorded) {
      throw problemError(namespaceMissing(cluster.name, name));
    }
    return { cluster, namespace: name, selector, consent: recorded };
  }

  async #search(
    cluster: Cluster,
    selector: string,
    viewer: Viewer,
  ): Promise<Target> {
    const found: Target[] = [];
    for await (const namespace of cluster.client.list(coreTypes.namespaces)) {
      const name = namespace.metadata.name ?? '';
      const consent = this.#consent(cluster, name, namespace, selector, viewer);
      if (
        consent.allowed &&
        name !== cluster.control.namespace &&
        (await holdsObjects(cluster.client, name, consent.selector))
      ) {
        found.push(targetOf(cluster, name, namespace, consent));
      }
    }
    if (found.length === 0) {
      throw problemError(
        noConsentingNamespace(cluster.name, viewer.entityRef, selector),
      );
    }
    if (found.length > 1) {
      throw problemError(
        severalNamespaces(found.map(({ namespace }) => namespace)),
      );
    }
    return found[0];
  }

  #consent(
    cluster: Cluster,
    name: string,
    namespace: KubernetesObject | undefined,
    selector: string | undefined,
    viewer: Viewer,
  ): NamespaceConsent {
    return namespaceConsent({
      cluster: cluster.name,
      name,
      namespace,
      selector,
      viewer,
      config: this.options.consent,
    });
  }
}

function targetOf(
  cluster: Cluster,
  name: string,
  namespace: KubernetesObject | undefined,
  consent: NamespaceConsent & { allowed: true },
): Target {
  return {
    cluster,
    namespace: name,
    namespaceUid: namespace?.metadata.uid,
    selector: consent.selector,
    consent: { source: consent.source, entities: consent.entities },
    consentSelector: consent.consentSelector,
  };
}
