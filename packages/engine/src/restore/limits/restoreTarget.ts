import type { BackupScope, RestoreSpec } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ConfigConsent } from '../../config/EngineConfig';
import { decideConsent } from '../../consent/decideConsent';
import { parseRequirements } from '../../consent/labelSelector';

/** What decides about a tenant's target namespace. */
export interface TargetQuestion {
  scope: BackupScope;
  /** The scope in the backup's signed record: what the backup holds. */
  recorded?: BackupScope;
  target: string;
  /** The target as it is in the cluster; undefined when it does not exist. */
  namespace: KubernetesObject | undefined;
  controlNamespace: string;
  clusterName: string;
  /** Patterns of namespaces that may be created; `{{namespace}}` is the source. */
  restoreTargets: string[];
  createNamespaces: boolean;
  configConsent: readonly ConfigConsent[];
}

/** Whether a name fits a pattern such as `{{namespace}}-*`; `*` stands for any letters, digits and dashes. */
export function matchesTargetPattern(
  pattern: string,
  source: string,
  name: string,
): boolean {
  const escaped = pattern
    .replaceAll('{{namespace}}', source)
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[a-z0-9-]*');
  return new RegExp(`^${escaped}$`).test(name);
}

/**
 * Why a tenant may not restore into a namespace, or undefined. A pattern only names namespaces to be created; one that exists
 * must consent to the same entity.
 */
export function targetProblem(question: TargetQuestion): string | undefined {
  const { scope, target, namespace } = question;
  if (target === question.controlNamespace) {
    return `namespace ${target} is the engine's own: nothing is restored into it`;
  }
  if (namespace) {
    const decision = decideConsent({
      cluster: question.clusterName,
      namespace,
      entityRefs: [scope.entityRef, ...scope.consent.entities],
      configConsent: question.configConsent,
      ...(scope.selector && { annotationSelector: scope.selector }),
    });
    return decision.allowed
      ? wideningProblem(question, decision.consentSelector)
      : `${decision.reason}. The platform team can agree with: ${decision.command}`;
  }
  if (!question.createNamespaces) {
    return `namespace ${target} does not exist, and the engine is configured not to create namespaces (createNamespaces)`;
  }
  // The namespace itself, made again after it was deleted: its recorded consent stands.
  if (target === scope.namespace) {
    return undefined;
  }
  if (
    question.restoreTargets.some(pattern =>
      matchesTargetPattern(pattern, scope.namespace, target),
    )
  ) {
    return undefined;
  }
  const allowed = question.restoreTargets
    .map(pattern => pattern.replaceAll('{{namespace}}', scope.namespace))
    .join(', ');
  return `namespace ${target} may not be created: allowed are ${
    allowed || 'none'
  }, and namespaces that agree to ${scope.entityRef}`;
}

/** A backup from when a namespace agreed to more than now would write over what others have there. */
function wideningProblem(
  { recorded, target }: TargetQuestion,
  agreed: string | undefined,
): string | undefined {
  if (!recorded || !agreed) {
    return undefined;
  }
  const held = new Set(
    recorded.selector ? parseRequirements(recorded.selector) : [],
  );
  const missing = parseRequirements(agreed).filter(
    requirement => !held.has(requirement),
  );
  return missing.length > 0
    ? `namespace ${target} now agrees only to objects with ${missing.join(
        ',',
      )}, and the backup was made for more than that: an admin can restore it`
    : undefined;
}

/** What of a Restore's spec a tenant may not use, one message each. */
export function tenantSpecProblems(
  spec: RestoreSpec,
  scope: BackupScope,
): string[] {
  const problems: string[] = [];
  const others = [
    ...Object.keys(spec.namespaceMapping ?? {}),
    ...(spec.includedNamespaces ?? []),
  ].filter(name => name !== scope.namespace && name !== '*');
  if (others.length > 0) {
    problems.push(
      `a restore with the scope of ${scope.entityRef} may only name namespace ${
        scope.namespace
      }, not ${[...new Set(others)].join(', ')}`,
    );
  }
  const refused: [string, boolean][] = [
    ['spec.hooks', (spec.hooks?.resources ?? []).length > 0],
    ['spec.resourceModifier', spec.resourceModifier !== undefined],
    ['spec.restoreStatus', spec.restoreStatus !== undefined],
    ['spec.includeClusterResources', spec.includeClusterResources === true],
    ['spec.preserveNodePorts', spec.preserveNodePorts === true],
  ];
  for (const [field, isSet] of refused) {
    if (isSet) {
      problems.push(
        `${field} is for admins: a restore with the scope of ${scope.entityRef} may not set it`,
      );
    }
  }
  return problems;
}

/** Where the objects of a tenant's restore go. */
export function targetOf(spec: RestoreSpec, scope: BackupScope): string {
  return spec.namespaceMapping?.[scope.namespace] ?? scope.namespace;
}
