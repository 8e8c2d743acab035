import type { LogFields } from '../../backup/logLine';
import type { RunLog } from '../../backup/RunLog';
import type { PodFacts } from '../decide/PodFacts';
import type { ExecInPod } from './execInPod';
import type { HookPhase, PodHook } from './PodHook';

/** How many hooks were run, as in a Backup's `status.hookStatus`. */
export class HookCounter {
  attempted = 0;
  failed = 0;

  toStatus(): { hooksAttempted?: number; hooksFailed?: number } {
    return {
      ...(this.attempted > 0 && { hooksAttempted: this.attempted }),
      ...(this.failed > 0 && { hooksFailed: this.failed }),
    };
  }
}

const shownOutput = 4 * 1024;

/**
 * Runs hooks in one pod, one after the other. Each failure is an error of the run; one of a hook whose `onError` is `Fail` ends
 * the pod's hooks, the others are counted as failed without having been run.
 *
 * @returns the failure of a hook that says `Fail`
 *
 * Source: Velero `HandleHooks`.
 */
export async function runPodHooks(
  hooks: PodHook[],
  pod: Pick<PodFacts, 'namespace' | 'name'>,
  phase: HookPhase,
  options: {
    exec: ExecInPod;
    log: RunLog;
    counter: HookCounter;
    maxOutputBytes: number;
    signal: AbortSignal;
  },
): Promise<Error | undefined> {
  const { log, counter } = options;
  let fatal: Error | undefined;
  for (const hook of hooks) {
    counter.attempted += 1;
    if (fatal) {
      continue;
    }
    const fields = {
      namespace: pod.namespace,
      name: pod.name,
      hookName: hook.name,
      hookPhase: phase,
      hookSource: hook.source,
      hookContainer: hook.container,
      hookCommand: JSON.stringify(hook.command),
      hookTimeout: `${hook.timeoutMs / 1000}s`,
    };
    log.info('running exec hook', fields);
    const failure = await runHook(hook, pod, fields, options);
    if (failure) {
      counter.failed += 1;
      log.error(
        `Error executing ${phase} hook ${hook.name} in pod ${pod.name}`,
        { ...fields, error: failure.message },
      );
      if (hook.onError === 'Fail') {
        fatal = failure;
      }
    }
  }
  return fatal;
}

async function runHook(
  hook: PodHook,
  pod: Pick<PodFacts, 'namespace' | 'name'>,
  fields: LogFields,
  { exec, log, maxOutputBytes, signal }: Parameters<typeof runPodHooks>[3],
): Promise<Error | undefined> {
  try {
    const { exitCode, stdout, stderr } = await exec({
      namespace: pod.namespace,
      pod: pod.name,
      container: hook.container,
      command: hook.command,
      timeoutMs: hook.timeoutMs,
      maxOutputBytes,
      signal,
    });
    log.write('info', `stdout: ${stdout.slice(0, shownOutput)}`, fields);
    log.write('info', `stderr: ${stderr.slice(0, shownOutput)}`, fields);
    return exitCode === 0
      ? undefined
      : new Error(`command terminated with exit code ${exitCode}`);
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  }
}
