import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { openPodApi, type PodApi } from './cluster/PodApi';
import { CancelledError } from './cluster/watchOwner';
import type { MoverCommand } from './command/MoverCommand';
import {
  readMoverArguments,
  readWaitArguments,
  UsageError,
} from './command/moverArguments';
import { jsonLog } from './log';
import { containerMemoryMiB } from './memory/containerMemoryMiB';
import { keepWithin } from './memory/keepWithin';
import { defaultMemoryMiB, memoryPlan } from './memory/memoryPlan';
import { restartWithin } from './memory/restartWithin';
import { writeMoverResult, type MoverResult } from './moverResult';
import { waitForRestore } from './restore/restoreMarker';

const usage = `Usage: data-mover backup  (--data-upload NAME | --pod-volume-backup NAME)    --volume-path PATH [--volume-mode Filesystem|Block] OPTIONS
       data-mover restore (--data-download NAME | --pod-volume-restore NAME) --volume-path PATH [--volume-mode Filesystem|Block] OPTIONS
       data-mover maintain --backup-repository NAME OPTIONS
       data-mover wait    --restore UID --volume PATH [--volume PATH]

Options:
  --namespace NAME                 the namespace of the custom resources
  --password-file FILE             the repository's password
  --credentials-file FILE          the storage's credentials, in the format of the AWS tools
  --ca-file FILE                   PEM certificates of the storage
  --service-account-directory DIR  with token and ca.crt
  --termination-log FILE           gets the result as JSON
  --cache-directory DIR            for temporary files
  --parallel-files N               files read or written at once
  --memory-limit MIB               what the process is to stay below
  --require-readable               fail before the upload when a file cannot be read

Exit code: 0 completed, 1 failed, 2 wrong arguments, 3 canceled.
`;

const exitCodes = { completed: 0, failed: 1, usage: 2, canceled: 3 };
/** After this long an abort did not reach what is going on; the kubelet would kill the process without a result. */
const endWithinMs = 20_000;

/** What an init container does until its pod's volumes are there; without API, token or repository. */
async function wait(args: readonly string[]): Promise<number> {
  const { restoreUid, volumes } = readWaitArguments(args);
  // The first process of a container has no default action for signals.
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => process.exit(exitCodes.canceled));
  await waitForRestore(restoreUid, volumes, {
    onFound: volume => process.stderr.write(`${volume} is restored\n`),
  });
  return exitCodes.completed;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(usage);
    return exitCodes.completed;
  }
  let command: MoverCommand;
  try {
    if (args[0] === 'wait') return await wait(args.slice(1));
    command = readMoverArguments(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n${usage}`);
    return exitCodes.usage;
  }
  const { settings } = command;
  const memory = memoryPlan(
    Math.min(
      settings.memoryLimitMiB ?? defaultMemoryMiB,
      containerMemoryMiB() ?? Infinity,
    ),
    availableParallelism(),
    settings.parallelFiles,
  );
  restartWithin(memory);
  const guard = keepWithin(memory);
  const secrets: string[] = [];
  const log = jsonLog(line => process.stderr.write(line), secrets);
  const finish = (result: MoverResult) => {
    try {
      writeFileSync(settings.terminationLog, writeMoverResult(result));
    } catch (error) {
      log('warn', `The termination message could not be written: ${error}`);
    }
    return exitCodes[result.outcome];
  };

  const ended = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => {
      const message = `The pod was told to end (${name}) before the work was done`;
      ended.abort(new CancelledError(message));
      setTimeout(
        () => process.exit(finish({ outcome: 'canceled', message })),
        endWithinMs,
      ).unref();
    });

  let api: PodApi;
  try {
    api = openPodApi(
      process.env,
      settings.serviceAccountDirectory,
      settings.namespace,
    );
  } catch (error) {
    const message = `The API server cannot be reached: ${
      (error as Error).message
    }`;
    log('error', message);
    return finish({ outcome: 'failed', message });
  }
  try {
    // Loaded only now: the process that was replaced had no need of it.
    const { runMover } = await import('./runMover');
    const result = await runMover(command, {
      api,
      memory,
      log,
      secrets,
      signal: ended.signal,
      isRoot: process.getuid?.() === 0,
    });
    return finish(result);
  } finally {
    guard.stop();
    api.close();
  }
}

main(process.argv.slice(2)).then(
  code => process.exit(code),
  error => {
    process.stderr.write(`${(error as Error).stack}\n`);
    process.exit(exitCodes.failed);
  },
);
