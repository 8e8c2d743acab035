import type { BackupScope, BackupSpec } from '@lifeboat/velero-api';
import { parseRequirements } from '../consent/labelSelector';
import { selectorText } from './labelSelector';

function requirements(selector: string | undefined): string {
  return selector ? parseRequirements(selector).sort().join(',') : '';
}

/**
 * Why a backup that carries a scope does not stay inside it: it must take exactly the namespace and selector of its scope.
 * The scope decides later who may see and restore the backup, so a wider backup would leak.
 */
export function scopeProblems(spec: BackupSpec, scope: BackupScope): string[] {
  const problems: string[] = [];
  const included = spec.includedNamespaces ?? [];
  if (included.length !== 1 || included[0] !== scope.namespace) {
    problems.push(
      `spec.includedNamespaces: a backup with the scope of ${scope.entityRef} must name exactly its namespace, ${scope.namespace}`,
    );
  }
  const actual = requirements(
    spec.labelSelector && selectorText(spec.labelSelector),
  );
  if (
    spec.orLabelSelectors?.length ||
    actual !== requirements(scope.selector)
  ) {
    problems.push(
      scope.selector
        ? `spec.labelSelector: a backup with the scope of ${scope.entityRef} must have its selector, ${scope.selector}`
        : `spec.labelSelector: a backup with the scope of ${scope.entityRef} takes the whole namespace and must have no selector`,
    );
  }
  return problems;
}
