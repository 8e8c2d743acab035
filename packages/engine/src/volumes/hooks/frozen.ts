import { isJsonObject } from '../../backup/jsonPath';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ExecInPod } from './execInPod';
import type { PodHook } from './PodHook';

/**
 * On a Backup while applications may be frozen: which pods, and the commands that wake them. Written before the first pre hook,
 * so that whoever comes after a crash can run them.
 */
export const frozenAnnotation = 'lifeboat.dev/frozen';

/** On a Backup: for how long its hooks kept applications frozen, at most, in seconds. */
export const freezeSecondsAnnotation = 'lifeboat.dev/freeze-seconds';

/** One pod that may be frozen. */
export interface FrozenPod {
  namespace: string;
  pod: string;
  podUid: string;
  post: Pick<PodHook, 'container' | 'command' | 'timeoutMs'>[];
}

/** The annotation that says which pods may be frozen. */
export function writeFrozen(pods: FrozenPod[]): { [key: string]: string } {
  return {
    [frozenAnnotation]: JSON.stringify(
      pods.map(({ namespace, pod, podUid, post }) => ({
        namespace,
        pod,
        podUid,
        post: post.map(({ container, command, timeoutMs }) => ({
          container,
          command,
          timeout: `${timeoutMs}ms`,
        })),
      })),
    ),
  };
}

/** Which pods a Backup may have left frozen. An annotation that cannot be understood names none. */
export function readFrozen(backup: {
  metadata: { annotations?: { [key: string]: string } };
}): FrozenPod[] {
  const text = backup.metadata.annotations?.[frozenAnnotation];
  if (!text) {
    return [];
  }
  try {
    const pods: unknown = JSON.parse(text);
    return Array.isArray(pods) ? pods.filter(isJsonObject).map(readPod) : [];
  } catch {
    return [];
  }
}

function readPod(value: { [key: string]: unknown }): FrozenPod {
  const post = Array.isArray(value.post) ? value.post.filter(isJsonObject) : [];
  return {
    namespace: String(value.namespace),
    pod: String(value.pod),
    podUid: String(value.podUid),
    post: post.map(each => ({
      container: String(each.container),
      command: Array.isArray(each.command) ? each.command.map(String) : [],
      timeoutMs: Number(/^(\d+)ms$/.exec(String(each.timeout))?.[1] ?? 30_000),
    })),
  };
}

/** What waking a pod came to. */
export interface Thaw {
  pod: FrozenPod;
  /** `gone`: the pod does not exist any more. `unknown`: it is to be tried again. */
  result: 'awake' | 'gone' | 'failed' | 'unknown';
  message?: string;
}

/**
 * Runs the post hooks of pods that an engine which died may have left frozen, all pods at once.
 *
 * @returns what came of each; a command that ran and failed is not run again
 */
export async function wakePods(
  pods: FrozenPod[],
  options: { client: ClusterClient; exec: ExecInPod; signal: AbortSignal },
): Promise<Thaw[]> {
  return Promise.all(pods.map(pod => wake(pod, options)));
}

async function wake(
  pod: FrozenPod,
  { client, exec, signal }: Parameters<typeof wakePods>[1],
): Promise<Thaw> {
  const failures: string[] = [];
  try {
    const live = await client.get<KubernetesObject>(
      coreTypes.pods,
      { namespace: pod.namespace, name: pod.pod },
      { signal },
    );
    if (!live || live.metadata.uid !== pod.podUid) {
      return { pod, result: 'gone' };
    }
    for (const hook of pod.post) {
      const { exitCode, stderr } = await exec({
        namespace: pod.namespace,
        pod: pod.pod,
        ...hook,
        signal,
      });
      if (exitCode !== 0) {
        failures.push(
          `${hook.command[0]} ended with exit code ${exitCode}: ${stderr
            .trim()
            .slice(0, 200)}`,
        );
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    return { pod, result: 'unknown', message: (error as Error).message };
  }
  return failures.length > 0
    ? { pod, result: 'failed', message: failures.join('; ') }
    : { pod, result: 'awake' };
}
