import type {
  BackupResourceHookSpec,
  ExecHook,
  LabelSelector,
} from '@lifeboat/velero-api';
import { parseDuration } from '@lifeboat/velero-api';
import { matchesSelector } from '../../backup/labelSelector';
import type { PodFacts } from '../decide/PodFacts';
import { hookCommand } from './hookCommand';

/** Before or after the volumes are taken. */
export type HookPhase = 'pre' | 'post';

/** A command to be run in one pod. */
export interface PodHook {
  /** Name of the hook in the Backup, or `<from-annotation>`. */
  name: string;
  source: 'annotation' | 'spec';
  container: string;
  command: string[];
  /** Unset: a failure is an error, but later hooks and the pod itself go on (Velero). */
  onError?: 'Continue' | 'Fail';
  timeoutMs: number;
}

const defaultTimeoutMs = 30_000;
// Whatever an annotation says, an application is not frozen for longer by one command.
const longestTimeoutMs = 3_600_000;

/**
 * The hook that a pod's annotations ask for in a phase.
 *
 * @returns also what was wrong with its time-out
 *
 * Source: Velero `getPodExecHookFromAnnotations`; keys without `pre.` or `post.` are those of old pre hooks.
 */
export function annotationHook(
  pod: Pick<PodFacts, 'annotations' | 'containers'>,
  phase: HookPhase,
): { hook?: PodHook; warning?: string } {
  const prefixes = phase === 'pre' ? ['pre.', ''] : ['post.'];
  for (const prefix of prefixes) {
    const at = (key: string) =>
      pod.annotations[`${prefix}hook.backup.velero.io/${key}`];
    const command = at('command');
    if (command) {
      const onError = at('on-error');
      const { timeoutMs, warning } = timeoutOf(at('timeout'));
      return {
        hook: {
          name: '<from-annotation>',
          source: 'annotation',
          container: at('container') || pod.containers[0] || '',
          command: hookCommand(command),
          ...((onError === 'Continue' || onError === 'Fail') && { onError }),
          timeoutMs,
        },
        ...(warning && { warning }),
      };
    }
  }
  return {};
}

/** Whether a pod's annotations ask for any hook. */
export function hasAnnotationHook(
  pod: Pick<PodFacts, 'annotations' | 'containers'>,
): boolean {
  return Boolean(
    annotationHook(pod, 'pre').hook ?? annotationHook(pod, 'post').hook,
  );
}

/**
 * The hooks of a Backup's spec for a pod in a phase, in their order.
 *
 * @param resolve - `pods` for any of its names
 */
export function specHooks(
  pod: PodFacts,
  hooks: BackupResourceHookSpec[],
  phase: HookPhase,
  resolve: (name: string) => string,
): PodHook[] {
  return hooks
    .filter(hook => appliesTo(hook, pod, resolve))
    .flatMap(hook =>
      (hook[phase] ?? []).flatMap(({ exec }) =>
        exec ? [fromSpec(exec, hook.name, pod)] : [],
      ),
    );
}

/** Source: Velero `applicableTo`. */
export function appliesTo(
  hook: {
    includedNamespaces?: string[];
    excludedNamespaces?: string[];
    includedResources?: string[];
    excludedResources?: string[];
    labelSelector?: LabelSelector;
  },
  pod: { namespace: string; labels: { [key: string]: string } },
  resolve: (name: string) => string,
): boolean {
  return (
    isIn(hook.includedNamespaces, hook.excludedNamespaces, pod.namespace) &&
    isIn(
      hook.includedResources?.map(resolve),
      hook.excludedResources?.map(resolve),
      'pods',
    ) &&
    (!hook.labelSelector || matchesSelector(pod.labels, hook.labelSelector))
  );
}

function isIn(
  included: string[] | undefined,
  excluded: string[] | undefined,
  name: string,
): boolean {
  if (excluded?.some(each => each === '*' || each === name)) {
    return false;
  }
  return (
    !included?.length || included.some(each => each === '*' || each === name)
  );
}

function fromSpec(exec: ExecHook, name: string, pod: PodFacts): PodHook {
  return {
    name,
    source: 'spec',
    container: exec.container || pod.containers[0] || '',
    command: exec.command,
    ...(exec.onError && { onError: exec.onError }),
    timeoutMs: timeoutOf(exec.timeout).timeoutMs,
  };
}

function timeoutOf(text: string | undefined): {
  timeoutMs: number;
  warning?: string;
} {
  if (!text) {
    return { timeoutMs: defaultTimeoutMs };
  }
  try {
    const parsed = parseDuration(text);
    return {
      timeoutMs:
        parsed > 0 ? Math.min(parsed, longestTimeoutMs) : defaultTimeoutMs,
    };
  } catch {
    return {
      timeoutMs: defaultTimeoutMs,
      warning: `its time-out "${text}" cannot be understood; 30 s are used`,
    };
  }
}
