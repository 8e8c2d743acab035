import type { LabelSelector } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { stringAt } from '../jsonPath';
import { matchesSelector } from '../labelSelector';

/** What decides which Namespace objects a backup holds. */
export interface NamespaceRules {
  shouldInclude(namespace: string): boolean;
  /** True when the namespace lists leave nothing out. */
  includesEverything: boolean;
  labelSelectors: LabelSelector[];
}

/**
 * Decides which Namespace objects are saved: Active ones that match a selector, or that the namespace lists include (unless
 * those include everything and a selector is set), or that something was collected from.
 *
 * Source: Velero `pkg/backup/item_collector.go`, nsTracker.
 */
export class NamespaceTracker {
  private readonly chosen = new Set<string>();

  constructor(private readonly rules: NamespaceRules) {}

  /** An object of this namespace is in the backup. */
  track(namespace: string): void {
    this.chosen.add(namespace);
  }

  /** Whether the Namespace object belongs into the backup, after everything else was collected. */
  shouldSave(namespace: KubernetesObject): boolean {
    const phase = stringAt(namespace, 'status', 'phase');
    if (phase !== undefined && phase !== 'Active') {
      return false;
    }
    const { labelSelectors, includesEverything } = this.rules;
    const name = namespace.metadata.name ?? '';
    if (this.chosen.has(name)) {
      return true;
    }
    if (
      labelSelectors.some(selector =>
        matchesSelector(namespace.metadata.labels, selector),
      )
    ) {
      return true;
    }
    if (includesEverything && labelSelectors.length > 0) {
      return false;
    }
    return this.rules.shouldInclude(name);
  }
}
