import { type ChildProcess, fork } from 'node:child_process';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EngineConfig, EngineMessage } from '@lifeboat/engine';
import { backOffMs } from './backOff';
import { forwardLines } from './forwardLines';

/** What the supervisor knows of its child. */
export interface EngineProcessState {
  state: 'starting' | 'running' | 'backing-off' | 'stopped';
  message?: string;
  /** Restarts since the backend has started. */
  restarts: number;
}

/** How the child is started; tests use their own program. */
export interface EngineProcessOptions {
  /** Path of the engine's bundle. */
  program: string;
  config: EngineConfig;
  logger: LoggerService;
  /** After this time in good health the back-off starts anew. Default: a minute. */
  healthyAfterMs?: number;
  /** How long the child has for releasing its leases at the end. Default: 10 seconds. */
  stopTimeoutMs?: number;
  /** Delay before the nth restart in a row, in milliseconds. */
  backOff?: (restartsInARow: number) => number;
}

/**
 * Runs the engine as a child process, so that its work never blocks the portal
 * and a crash of one is not a crash of the other. The configuration, credentials
 * included, goes through the IPC channel: not by file, argument or environment.
 */
export class EngineProcess {
  #child?: ChildProcess;
  #timer?: NodeJS.Timeout;
  #state: EngineProcessState = { state: 'stopped', restarts: 0 };
  #inARow = 0;
  #stopping = false;

  constructor(private readonly options: EngineProcessOptions) {}

  state(): EngineProcessState {
    return { ...this.#state };
  }

  start(): void {
    if (this.#stopping || this.#child) {
      return;
    }
    const { program, config, logger } = this.options;
    this.#set('starting');
    const startedAt = performance.now();
    const child = fork(program, [], {
      execPath: process.execPath,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: engineEnvironment(process.env),
    });
    this.#child = child;
    forwardLines(child.stdout, logger);
    forwardLines(child.stderr, logger);
    child.on('message', message => this.#heard(message as EngineMessage));
    child.once('error', error => {
      logger.error('The engine process could not be run', error);
      this.#ended(child, startedAt, error.message);
    });
    child.once('exit', (code, signal) =>
      this.#ended(
        child,
        startedAt,
        signal ? `ended by ${signal}` : `ended with code ${code}`,
      ),
    );
    child.send({ type: 'config', config }, error => {
      if (error) {
        logger.warn(`The engine process took no configuration: ${error}`);
      }
    });
  }

  /** Asks the child to end, waits for it, and kills it when it takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) {
      this.#set('stopped');
      return;
    }
    const ended = new Promise<void>(resolve =>
      child.once('exit', () => resolve()),
    );
    child.kill('SIGTERM');
    const killer = setTimeout(
      () => child.kill('SIGKILL'),
      this.options.stopTimeoutMs ?? 10_000,
    );
    await ended;
    clearTimeout(killer);
  }

  #heard(message: EngineMessage): void {
    if (message?.type === 'ready') {
      this.#set('running');
    }
    if (message?.type === 'cluster') {
      const { name, state, message: detail } = message;
      this.options.logger.info(
        `Cluster ${name}: ${state}${detail ? ` (${detail})` : ''}`,
      );
    }
  }

  #ended(child: ChildProcess, startedAt: number, how: string): void {
    if (this.#child !== child) {
      return;
    }
    this.#child = undefined;
    if (this.#stopping) {
      this.#set('stopped');
      return;
    }
    const healthyAfterMs = this.options.healthyAfterMs ?? 60_000;
    if (performance.now() - startedAt >= healthyAfterMs) {
      this.#inARow = 0;
    }
    this.#inARow += 1;
    const delay = (this.options.backOff ?? backOffMs)(this.#inARow);
    const message = `The engine process ${how}; it is started again in ${Math.round(
      delay / 1000,
    )} s`;
    this.options.logger.error(message);
    this.#set('backing-off', message);
    this.#state.restarts += 1;
    this.#timer = setTimeout(() => this.start(), delay);
    this.#timer.unref();
  }

  #set(state: EngineProcessState['state'], message?: string): void {
    this.#state = {
      state,
      restarts: this.#state.restarts,
      ...(message && { message }),
    };
  }
}

const passedOn =
  /^(PATH|HOME|TZ|LANG|LC_.*|TMPDIR|TEMP|TMP|SYSTEMROOT|NODE_EXTRA_CA_CERTS|HTTPS?_PROXY|NO_PROXY|KUBERNETES_SERVICE_.*|AWS_.*|LIFEBOAT_.*)$/i;

/** The engine gets what it needs of the environment, not the portal's other secrets. */
export function engineEnvironment(
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => passedOn.test(name)),
  );
}
