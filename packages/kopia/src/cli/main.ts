#!/usr/bin/env node
// Entry of the command-line program.
import { parseCommandLine, usage, UsageError } from './arguments';
import { runCommand } from './commands';
import { describeError } from './describeError';
import { processOutput } from './output';

const output = processOutput(process.stdout, process.stderr);
const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one does not wait for anything.
    if (controller.signal.aborted) process.exit(1);
    controller.abort(new Error(`ended by ${signal}`));
  });
}

// Who reads no further, as `head` does, wants no complaint; the code is that of a program which the signal ends.
const endOfReader = 128 + 13;
let outputFailure: number | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  const reader = error.code === 'EPIPE';
  if (!reader && outputFailure === undefined)
    output.note(`error: ${describeError(error)}`);
  outputFailure ??= reader ? endOfReader : 1;
  process.exitCode = outputFailure;
  controller.abort(error);
});

async function main(): Promise<number> {
  try {
    const line = parseCommandLine(process.argv.slice(2));
    if (line.verb === 'help') {
      output.write(usage);
      return 0;
    }
    const context = {
      line,
      environment: process.env,
      output,
      signal: controller.signal,
      stdout: process.stdout,
    };
    return (await runCommand(context)) ? 0 : 1;
  } catch (error) {
    output.done();
    if (outputFailure !== undefined) return outputFailure;
    output.note(`error: ${describeError(error)}`);
    if (error instanceof UsageError)
      output.note(`Run "kopia help" for the verbs and options.`);
    return error instanceof UsageError ? 2 : 1;
  }
}

main().then(
  code => {
    process.exitCode = outputFailure ?? code;
  },
  () => {
    process.exitCode = 1;
  },
);
