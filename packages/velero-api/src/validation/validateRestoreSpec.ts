import { nonRestorableResources } from '../defaults';
import type {
  RestoreResourceHook,
  RestoreResourceHookSpec,
  RestoreSpec,
} from '../resources/Restore';
import {
  validateConfigMapReference,
  validateCount,
  validateDuration,
  validateExecHook,
} from './fields';
import { validateLabelSelector } from './labelSelector';
import {
  dnsLabelProblems,
  validateIncludesExcludes,
  validateNamespaceIncludesExcludes,
} from './lists';

/**
 * A RestoreSpec with the types added to `excludedResources` that are never restored. Velero writes them into the spec.
 *
 * @public
 */
export function excludeNonRestorableResources(spec: RestoreSpec): RestoreSpec {
  const excluded = spec.excludedResources ?? [];
  return {
    ...spec,
    excludedResources: [
      ...excluded,
      ...nonRestorableResources.filter(name => !excluded.includes(name)),
    ],
  };
}

/**
 * Whether exactly one of `backupName` and `scheduleName` is given.
 *
 * @public
 */
export function hasBackupXorSchedule(spec: RestoreSpec): boolean {
  return Boolean(spec.backupName) !== Boolean(spec.scheduleName);
}

/**
 * What is wrong with a RestoreSpec by itself; whether its backup exists is for the controller to check. Where Velero has a
 * text for a fault, this is the text.
 *
 * @returns One message per fault: which field, what is wrong, what is allowed. Empty if there is none.
 *
 * @public
 */
export function validateRestoreSpec(spec: RestoreSpec): string[] {
  const complete = excludeNonRestorableResources(spec);
  const problems: string[] = [];
  for (const name of nonRestorableResources) {
    if (complete.includedResources?.includes(name)) {
      problems.push(`${name} are non-restorable resources`);
    }
  }
  problems.push(
    ...validateIncludesExcludes(
      complete.includedResources,
      complete.excludedResources,
    ).map(problem => `Invalid included/excluded resource lists: ${problem}`),
    ...validateNamespaceIncludesExcludes(
      complete.includedNamespaces,
      complete.excludedNamespaces,
    ).map(problem => `Invalid included/excluded namespace lists: ${problem}`),
  );
  if (!hasBackupXorSchedule(complete)) {
    problems.push(
      'Either a backup or schedule must be specified as a source for the restore, but not both',
    );
  }
  if (complete.labelSelector && complete.orLabelSelectors) {
    problems.push(
      'encountered labelSelector as well as orLabelSelectors in restore spec, only one can be specified',
    );
  }
  const policy = complete.existingResourcePolicy;
  if (policy && policy !== 'none' && policy !== 'update') {
    problems.push(`Invalid ExistingResourcePolicy: ${policy}`);
  }
  problems.push(
    ...validateLabelSelector(complete.labelSelector, 'spec.labelSelector'),
    ...(complete.orLabelSelectors ?? []).flatMap((selector, index) =>
      validateLabelSelector(selector, `spec.orLabelSelectors[${index}]`),
    ),
    ...(complete.hooks?.resources ?? []).flatMap((hook, index) =>
      validateHook(hook, `spec.hooks.resources[${index}]`),
    ),
    ...validateNamespaceMapping(complete.namespaceMapping),
    ...validateDuration(
      complete.itemOperationTimeout,
      'spec.itemOperationTimeout',
    ),
    ...validateConfigMapReference(
      complete.resourceModifier,
      'spec.resourceModifier',
    ),
    ...validateCount(
      complete.uploaderConfig?.parallelFilesDownload,
      'spec.uploaderConfig.parallelFilesDownload',
    ),
  );
  if (complete.restoreStatus) {
    problems.push(
      ...validateIncludesExcludes(
        complete.restoreStatus.includedResources,
        complete.restoreStatus.excludedResources,
      ).map(problem => `spec.restoreStatus: ${problem}`),
    );
  }
  return problems;
}

/**
 * What is wrong with an init container of a restore hook. Velero: `ValidateContainer`.
 *
 * @public
 */
export function validateInitContainer(
  container: Record<string, unknown>,
): string[] {
  const filled = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value);
  return filled(container.name) &&
    filled(container.image) &&
    filled(container.command)
    ? []
    : [
        "invalid InitContainer in restore hook, it doesn't have Command, Name or Image field",
      ];
}

function validateHook(hook: RestoreResourceHookSpec, field: string): string[] {
  return [
    ...validateNamespaceIncludesExcludes(
      hook.includedNamespaces,
      hook.excludedNamespaces,
    ).map(problem => `${field}: ${problem}`),
    ...validateLabelSelector(hook.labelSelector, `${field}.labelSelector`),
    ...(hook.postHooks ?? []).flatMap((entry, index) =>
      validatePostHook(entry, `${field}.postHooks[${index}]`),
    ),
  ];
}

function validatePostHook(hook: RestoreResourceHook, field: string): string[] {
  const problems: string[] = [];
  if (Boolean(hook.exec) === Boolean(hook.init)) {
    problems.push(`${field}: must have exactly one of exec and init`);
  }
  if (hook.exec) {
    problems.push(
      ...validateExecHook(hook.exec, `${field}.exec`),
      ...validateDuration(hook.exec.execTimeout, `${field}.exec.execTimeout`),
      ...validateDuration(hook.exec.waitTimeout, `${field}.exec.waitTimeout`),
    );
  }
  if (hook.init) {
    problems.push(
      ...(hook.init.initContainers ?? []).flatMap(validateInitContainer),
      ...validateDuration(hook.init.timeout, `${field}.init.timeout`),
    );
  }
  return problems;
}

function validateNamespaceMapping(
  mapping: Record<string, string> | undefined,
): string[] {
  return Object.entries(mapping ?? {}).flatMap(([source, target]) => [
    ...dnsLabelProblems(source).map(
      problem =>
        `spec.namespaceMapping: invalid namespace "${source}": ${problem}`,
    ),
    ...dnsLabelProblems(target).map(
      problem =>
        `spec.namespaceMapping["${source}"]: invalid namespace "${target}": ${problem}`,
    ),
  ]);
}
