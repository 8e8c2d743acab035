import { objectsAt, stringAt, valueAt } from '../../backup/jsonPath';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { coreTypes } from '../../cluster/knownTypes';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ExecInPod } from '../../volumes/hooks/execInPod';
import type { PendingHooks } from './pendingHooks';
import type { RestoreExecHook } from './podRestoreHooks';

/** How commands in restored pods ended. */
export interface HooksOutcome {
  attempted: number;
  failed: number;
  errors: { namespace: string; message: string }[];
  lines: string[];
}

const lookEveryMs = 500;
const shownOutput = 2 * 1024;

/**
 * Runs the commands in restored pods, the pods beside each other, each once its container is up. All failures are errors; one of a
 * hook whose `onError` is `Fail` ends the pod's hooks.
 *
 * @param waitMs - how long a container without a time-out of its own is waited for: Velero waits for ever
 *
 * Source: Velero `DefaultListWatchFactory` / `wait_exec_hook_handler.go`.
 */
export async function runRestoreHooks(
  pods: readonly PendingHooks[],
  options: {
    client: ClusterClient;
    clock: Clock;
    exec: ExecInPod;
    signal: AbortSignal;
    maxOutputBytes: number;
    waitMs: number;
  },
): Promise<HooksOutcome> {
  const outcome: HooksOutcome = {
    attempted: 0,
    failed: 0,
    errors: [],
    lines: [],
  };
  await Promise.all(pods.map(pod => runInPod(pod, outcome, options)));
  return outcome;
}

async function runInPod(
  { namespace, pod, hooks }: PendingHooks,
  outcome: HooksOutcome,
  options: Parameters<typeof runRestoreHooks>[1],
): Promise<void> {
  const { exec, signal, maxOutputBytes } = options;
  let ended: string | undefined;
  for (const hook of hooks) {
    outcome.attempted += 1;
    const what = `hook ${hook.name} in container ${hook.container} of pod ${pod}`;
    let failure: string | undefined = ended;
    if (!failure) {
      failure = await waitForContainer(namespace, pod, hook, options);
    }
    if (!failure) {
      try {
        const { exitCode, stdout, stderr } = await exec({
          namespace,
          pod,
          container: hook.container,
          command: hook.command,
          timeoutMs: hook.execTimeoutMs,
          maxOutputBytes,
          signal,
        });
        outcome.lines.push(
          `${what} was run: stdout: ${stdout.slice(
            0,
            shownOutput,
          )} stderr: ${stderr.slice(0, shownOutput)}`,
        );
        if (exitCode !== 0) {
          failure = `command terminated with exit code ${exitCode}`;
        }
      } catch (error) {
        signal.throwIfAborted();
        failure = error instanceof Error ? error.message : String(error);
      }
    }
    if (failure) {
      outcome.failed += 1;
      outcome.errors.push({ namespace, message: `${what}: ${failure}` });
      if (hook.onError === 'Fail') {
        ended = `not run, because hook ${hook.name} failed before it`;
      }
    }
  }
}

/** @returns why the container did not come up, or undefined when it did */
async function waitForContainer(
  namespace: string,
  pod: string,
  hook: RestoreExecHook,
  { client, clock, signal, waitMs }: Parameters<typeof runRestoreHooks>[1],
): Promise<string | undefined> {
  const limit = Math.min(hook.waitTimeoutMs ?? waitMs, waitMs);
  const until = clock.monotonic() + limit;
  for (;;) {
    const live = await client.get(
      coreTypes.pods,
      { namespace, name: pod },
      { signal },
    );
    if (!live) {
      return 'the pod has gone before it could be run';
    }
    if (isUp(live, hook)) {
      return undefined;
    }
    const phase = stringAt(live, 'status', 'phase');
    if (phase === 'Succeeded' || phase === 'Failed') {
      return `the pod has ended (${phase}) before it could be run`;
    }
    if (clock.monotonic() >= until) {
      return `the container was not ${
        hook.waitForReady ? 'ready' : 'running'
      } within ${Math.round(limit / 1000)} s`;
    }
    await clock.sleep(lookEveryMs, signal);
  }
}

function isUp(pod: KubernetesObject, hook: RestoreExecHook): boolean {
  const status = objectsAt(pod, 'status', 'containerStatuses').find(
    ({ name }) => name === hook.container,
  );
  return (
    valueAt(status, 'state', 'running') !== undefined &&
    (!hook.waitForReady || valueAt(status, 'ready') === true)
  );
}
