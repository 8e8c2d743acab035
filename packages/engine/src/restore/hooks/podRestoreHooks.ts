import {
  parseDuration,
  type RestoreResourceHookSpec,
  validateInitContainer,
} from '@lifeboat/velero-api';
import { type JsonObject, objectsAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { hookCommand } from '../../volumes/hooks/hookCommand';
import { appliesTo } from '../../volumes/hooks/PodHook';

/** A command to be run in a restored pod once its container is up. */
export interface RestoreExecHook {
  /** Name of the hook in the Restore, or `<from-annotation>`. */
  name: string;
  source: 'annotation' | 'spec';
  container: string;
  command: string[];
  /** Unset: a failure is an error, and the pod's other hooks go on (Velero). */
  onError?: 'Continue' | 'Fail';
  execTimeoutMs: number;
  /** How long the container is waited for; undefined: as long as the restore allows. */
  waitTimeoutMs?: number;
  waitForReady: boolean;
}

/** What a restored pod is asked to run. */
export interface PodRestoreHooks {
  init: JsonObject[];
  exec: RestoreExecHook[];
}

const post = 'post.hook.restore.velero.io/';
const init = 'init.hook.restore.velero.io/';
const defaultExecMs = 30_000;
const longestExecMs = 3_600_000;

/** Whether a pod's annotations ask for anything to be run in it after a restore. */
export function hasRestoreAnnotations(pod: KubernetesObject): boolean {
  const { annotations = {} } = pod.metadata;
  return Boolean(
    annotations[`${post}command`] || annotations[`${init}container-image`],
  );
}

/**
 * What a pod's annotations ask for.
 *
 * @param suffix - eight hexadecimal digits for the name of an init container without one
 *
 * Source: Velero `getPodExecRestoreHookFromAnnotations`, `getInitContainerFromAnnotation`.
 */
export function hooksOfAnnotations(
  pod: KubernetesObject,
  suffix: string,
): PodRestoreHooks {
  const { annotations = {} } = pod.metadata;
  const hooks: PodRestoreHooks = { init: [], exec: [] };
  const image = annotations[`${init}container-image`];
  const initCommand = annotations[`${init}command`];
  if (image && initCommand) {
    hooks.init.push({
      name:
        annotations[`${init}container-name`] || `velero-restore-init-${suffix}`,
      image,
      command: hookCommand(initCommand),
    });
  }
  const command = annotations[`${post}command`];
  if (command) {
    const onError = annotations[`${post}on-error`];
    const wait = milliseconds(annotations[`${post}wait-timeout`]);
    hooks.exec.push({
      name: '<from-annotation>',
      source: 'annotation',
      container: annotations[`${post}container`] || firstContainer(pod),
      command: hookCommand(command),
      ...((onError === 'Continue' || onError === 'Fail') && { onError }),
      execTimeoutMs: execLimit(
        milliseconds(annotations[`${post}exec-timeout`]),
      ),
      ...(wait && { waitTimeoutMs: wait }),
      waitForReady: /^(1|t|true)$/i.test(
        annotations[`${post}wait-for-ready`] ?? '',
      ),
    });
  }
  return hooks;
}

/**
 * What a Restore asks to be run in a pod.
 *
 * @param namespace - the one restored into
 * @throws Error when an init container lacks its name, image or command
 *
 * Source: Velero `GroupRestoreExecHooks`, `HandleRestoreHooks`; the resources of a hook are ignored, it is always for pods.
 */
export function hooksOfSpec(
  pod: KubernetesObject,
  namespace: string,
  resources: readonly RestoreResourceHookSpec[],
): PodRestoreHooks {
  const hooks: PodRestoreHooks = { init: [], exec: [] };
  const facts = { namespace, labels: pod.metadata.labels ?? {} };
  for (const { includedResources: _, excludedResources: __, ...hook } of [
    ...resources,
  ]) {
    if (!appliesTo(hook, facts, name => name)) {
      continue;
    }
    for (const { exec, init: added } of hook.postHooks ?? []) {
      for (const container of added?.initContainers ?? []) {
        const [problem] = validateInitContainer(container);
        if (problem) {
          throw new Error(`init hook ${hook.name}: ${problem}`);
        }
        hooks.init.push(container);
      }
      if (exec) {
        const wait = milliseconds(exec.waitTimeout);
        hooks.exec.push({
          name: hook.name,
          source: 'spec',
          container: exec.container || firstContainer(pod),
          command: exec.command,
          ...(exec.onError && { onError: exec.onError }),
          execTimeoutMs: execLimit(milliseconds(exec.execTimeout)),
          ...(wait && { waitTimeoutMs: wait }),
          waitForReady: exec.waitForReady === true,
        });
      }
    }
  }
  return hooks;
}

/** The hooks of a pod: those of its annotations, and where it has none of a kind those of the Restore. */
export function combineHooks(
  annotations: PodRestoreHooks,
  spec: PodRestoreHooks,
): PodRestoreHooks {
  return {
    init: annotations.init.length > 0 ? annotations.init : spec.init,
    exec: annotations.exec.length > 0 ? annotations.exec : spec.exec,
  };
}

function firstContainer(pod: KubernetesObject): string {
  return String(objectsAt(pod, 'spec', 'containers')[0]?.name ?? '');
}

/** A duration that cannot be understood is ignored, as Velero does. */
function milliseconds(text: string | undefined): number | undefined {
  try {
    const value = text ? parseDuration(text) : 0;
    return value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

function execLimit(value: number | undefined): number {
  return Math.min(value ?? defaultExecMs, longestExecMs);
}
