#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import packageJson from '../package.json';
import type { EngineConfig } from './config/EngineConfig';
import { readEngineConfig } from './config/readEngineConfig';
import { allControllers } from './controllers/allControllers';
import { runEngine, type EngineMessage } from './EngineProcess';
import { keysCommand, keysUsage } from './repositories/keys/keysCommand';
import {
  killAfterWritesVariable,
  killControllersVariable,
  withKillAfterWrites,
} from './testing/killAfterWrites';

const usage = `Usage: engine [--config FILE.json] [--in-cluster] [--namespace NAME]
Without arguments, and started with an IPC channel, the first message
{ "type": "config", "config": {…} } is the configuration.

${keysUsage}`;

const exitCodes = { ok: 0, failed: 1, usage: 2 };

async function main(): Promise<number> {
  if (process.argv[2] === 'keys') {
    return keysCommand(process.argv.slice(3), {
      out: text => process.stdout.write(text),
      error: text => process.stderr.write(text),
    });
  }
  const stop = new AbortController();
  const end = (reason: string) => stop.abort(new Error(reason));
  process.once('SIGTERM', () => end('SIGTERM'));
  process.once('SIGINT', () => end('SIGINT'));
  process.once('disconnect', () => end('The parent process went away'));

  let config: EngineConfig;
  try {
    config = readEngineConfig(await configuration(stop.signal));
  } catch (error) {
    if (stop.signal.aborted) return exitCodes.ok;
    process.stderr.write(`${(error as Error).message}\n`);
    return exitCodes.usage;
  }
  const logger = pino(
    { level: config.logLevel, base: { pid: process.pid } },
    pino.destination({ dest: 2, sync: true }),
  );
  stop.signal.addEventListener('abort', () =>
    logger.info({ reason: String(stop.signal.reason) }, 'Stopping'),
  );
  logger.info({ version: packageJson.version }, 'The engine starts');
  await runEngine(config, {
    version: packageJson.version,
    logger,
    signal: stop.signal,
    onMessage: tellParent,
    controllers: () =>
      withKillAfterWrites(
        allControllers(),
        process.env[killAfterWritesVariable],
        process.env[killControllersVariable],
      ),
  });
  return exitCodes.ok;
}

async function configuration(signal: AbortSignal): Promise<unknown> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      'in-cluster': { type: 'boolean' },
      namespace: { type: 'string' },
    },
  });
  if (values['in-cluster']) {
    const fromFile = values.config
      ? (readJson(values.config) as Record<string, unknown>)
      : {};
    return {
      clusters: [{ name: 'in-cluster', inCluster: true }],
      ...fromFile,
      namespace:
        values.namespace ?? fromFile.namespace ?? process.env.POD_NAMESPACE,
    };
  }
  if (values.config) {
    const fromFile = readJson(values.config) as Record<string, unknown>;
    return values.namespace
      ? { ...fromFile, namespace: values.namespace }
      : fromFile;
  }
  if (!process.send) throw new Error(usage);
  return firstMessage(AbortSignal.any([signal, AbortSignal.timeout(30_000)]));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(
      `The configuration ${file} cannot be read: ${(error as Error).message}`,
    );
  }
}

function firstMessage(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    process.on('message', message => {
      const { type, config } = message as { type?: unknown; config?: unknown };
      if (type === 'config') resolve(config);
    });
    signal.addEventListener('abort', () =>
      reject(new Error('No configuration arrived from the parent process')),
    );
  });
}

function tellParent(message: EngineMessage): void {
  // The parent may go away at this moment: the channel's end is told elsewhere.
  if (process.connected) process.send?.(message, () => undefined);
}

main().then(
  code => process.exit(code),
  error => {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(exitCodes.failed);
  },
);
