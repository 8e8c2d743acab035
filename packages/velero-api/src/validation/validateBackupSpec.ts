import {
  usesOldResourceFilters,
  usesScopedResourceFilters,
} from '../filters/backupResourceFilter';
import type { BackupResourceHookSpec, BackupSpec } from '../resources/Backup';
import {
  validateConfigMapReference,
  validateCount,
  validateDuration,
  validateExecHook,
} from './fields';
import {
  validateIncludesExcludes,
  validateNamespaceIncludesExcludes,
  validateScopedIncludesExcludes,
} from './lists';
import { labelKeyProblem, validateLabelSelector } from './labelSelector';

const oldAndScopedFilters = [
  'include-resources, exclude-resources and include-cluster-resources are old filter parameters.',
  'include-cluster-scoped-resources, exclude-cluster-scoped-resources, include-namespace-scoped-resources and exclude-namespace-scoped-resources are new filter parameters.',
  'They cannot be used together',
].join('\n');

/**
 * What is wrong with a BackupSpec by itself; whether what it names exists is for the controller to check. Where Velero
 * has a text for a fault, this is the text.
 *
 * @returns One message per fault: which field, what is wrong, what is allowed. Empty if there is none.
 *
 * @public
 */
export function validateBackupSpec(spec: BackupSpec): string[] {
  const named = (name: string) => (problem: string) => `${name}: ${problem}`;
  const problems: string[] = [];
  const old = usesOldResourceFilters(spec);
  if (old && usesScopedResourceFilters(spec)) {
    problems.push(oldAndScopedFilters);
  }
  if (old) {
    problems.push(
      ...validateIncludesExcludes(
        spec.includedResources,
        spec.excludedResources,
      ).map(named('Invalid included/excluded resource lists')),
    );
  } else {
    problems.push(
      ...validateScopedIncludesExcludes(
        spec.includedClusterScopedResources,
        spec.excludedClusterScopedResources,
      ).map(named('Invalid cluster-scoped included/excluded resource lists')),
      ...validateScopedIncludesExcludes(
        spec.includedNamespaceScopedResources,
        spec.excludedNamespaceScopedResources,
      ).map(named('Invalid namespace-scoped included/excluded resource lists')),
    );
  }
  problems.push(
    ...validateNamespaceIncludesExcludes(
      spec.includedNamespaces,
      spec.excludedNamespaces,
    ).map(named('Invalid included/excluded namespace lists')),
  );
  if (spec.labelSelector && spec.orLabelSelectors) {
    problems.push(
      'encountered labelSelector as well as orLabelSelectors in backup spec, only one can be specified',
    );
  }
  problems.push(
    ...validateLabelSelector(spec.labelSelector, 'spec.labelSelector'),
    ...(spec.orLabelSelectors ?? []).flatMap((selector, index) =>
      validateLabelSelector(selector, `spec.orLabelSelectors[${index}]`),
    ),
    ...validateDuration(spec.ttl, 'spec.ttl'),
    ...validateDuration(spec.csiSnapshotTimeout, 'spec.csiSnapshotTimeout'),
    ...validateDuration(spec.itemOperationTimeout, 'spec.itemOperationTimeout'),
    ...validateConfigMapReference(spec.resourcePolicy, 'spec.resourcePolicy'),
    ...validateCount(
      spec.uploaderConfig?.parallelFilesUpload,
      'spec.uploaderConfig.parallelFilesUpload',
    ),
    ...(spec.hooks?.resources ?? []).flatMap((hook, index) =>
      validateHook(hook, `spec.hooks.resources[${index}]`),
    ),
    ...validateOrderedResources(spec.orderedResources),
  );
  if (spec.volumeGroupSnapshotLabelKey) {
    const problem = labelKeyProblem(spec.volumeGroupSnapshotLabelKey);
    if (problem) {
      problems.push(`spec.volumeGroupSnapshotLabelKey: ${problem}`);
    }
  }
  return problems;
}

function validateHook(hook: BackupResourceHookSpec, field: string): string[] {
  const problems = [
    ...validateNamespaceIncludesExcludes(
      hook.includedNamespaces,
      hook.excludedNamespaces,
    ).map(problem => `${field}: ${problem}`),
    ...validateIncludesExcludes(
      hook.includedResources,
      hook.excludedResources,
    ).map(problem => `${field}: ${problem}`),
    ...validateLabelSelector(hook.labelSelector, `${field}.labelSelector`),
  ];
  for (const phase of ['pre', 'post'] as const) {
    (hook[phase] ?? []).forEach((entry, index) => {
      const where = `${field}.${phase}[${index}].exec`;
      problems.push(
        ...validateExecHook(entry.exec ?? {}, where),
        ...validateDuration(entry.exec?.timeout, `${where}.timeout`),
      );
    });
  }
  return problems;
}

function validateOrderedResources(
  ordered: Record<string, string> | undefined,
): string[] {
  return Object.entries(ordered ?? {})
    .filter(([, names]) =>
      names.split(',').some(name => !/^[^/\s]+(\/[^/\s]+)?$/.test(name.trim())),
    )
    .map(
      ([resource, names]) =>
        `spec.orderedResources["${resource}"]: "${names}" is not a list of names, write namespace/name,namespace/name (cluster-scoped: name,name)`,
    );
}
