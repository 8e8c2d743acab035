import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { ApiError } from '../../cluster/ApiError';
import type { ClusterConnection } from '../../cluster/ClusterConnection';
import { KubeConfigConnection } from '../../cluster/KubeConfigConnection';
import type { ControllerContext } from '../../controllers/Controller';

/** A command to be run in a container. */
export interface PodCommand {
  namespace: string;
  pod: string;
  container: string;
  /** Program and arguments, no shell. */
  command: string[];
  timeoutMs: number;
  /** What is kept of each of the two outputs; 64 KiB by default. */
  maxOutputBytes?: number;
  signal?: AbortSignal;
}

/** How a command ended. */
export interface CommandResult {
  exitCode: number;
  /** The beginning, when it was longer than allowed. */
  stdout: string;
  stderr: string;
}

/** The command did not end in time. It may still be running in the container. */
export class CommandTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`timed out after ${timeoutMs / 1000} s`);
    this.name = 'CommandTimeoutError';
  }
}

/**
 * Runs a command in a container.
 *
 * @throws CommandTimeoutError; ApiError when the API server refuses; Error when the command could not be started or its result
 *   is unknown; the signal's reason
 */
export type ExecInPod = (command: PodCommand) => Promise<CommandResult>;

// Kubernetes' names for the streams in one WebSocket: each message begins with the number of its channel.
const channels = { stdout: 1, stderr: 2, error: 3 } as const;
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const largestRefusal = 64 * 1024;

class BoundedOutput {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly limit: number) {}

  add(chunk: Buffer): void {
    const kept = chunk.subarray(0, Math.max(this.limit - this.size, 0));
    this.chunks.push(kept);
    this.size += kept.length;
  }

  toString(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/** {@link ExecInPod} in one cluster, by WebSocket. */
export function createExecInPod(connection: ClusterConnection): ExecInPod {
  const server = new KubeConfigConnection(connection);
  return async command => {
    try {
      return await exec(server, command);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 401) {
        throw error;
      }
      // A token that was read from a file may have been renewed.
      server.reload();
      return exec(server, command);
    }
  };
}

/** {@link createExecInPod} for the cluster of a controller. */
export function execInPodOf(
  context: Pick<ControllerContext, 'config' | 'clusterName'>,
): ExecInPod {
  const connection = context.config.clusters.find(
    ({ name }) => name === context.clusterName,
  );
  if (!connection) {
    throw new Error(`cluster ${context.clusterName} is not configured`);
  }
  return createExecInPod(connection);
}

async function exec(
  connection: KubeConfigConnection,
  command: PodCommand,
): Promise<CommandResult> {
  const { signal, timeoutMs } = command;
  signal?.throwIfAborted();
  const { server, headers, watchAgent } = await connection.details();
  const socket = new WebSocket(addressOf(server, command), protocols, {
    headers,
    agent: watchAgent,
    maxPayload: 16 * 1024 * 1024,
  });
  const limit = command.maxOutputBytes ?? 64 * 1024;
  const stdout = new BoundedOutput(limit);
  const stderr = new BoundedOutput(limit);
  const status = new BoundedOutput(largestRefusal);
  return new Promise((resolve, reject) => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
      socket.terminate();
    };
    function onAbort() {
      end(() => reject(signal?.reason));
    }
    late.signal.addEventListener('abort', () =>
      end(() => reject(new CommandTimeoutError(timeoutMs))),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.on('message', (data: Buffer) => {
      const content = data.subarray(1);
      if (data[0] === channels.stdout) stdout.add(content);
      if (data[0] === channels.stderr) stderr.add(content);
      if (data[0] === channels.error) status.add(content);
    });
    socket.on('unexpected-response', (_request, response) => {
      refusal(response).then(error => end(() => reject(error)), reject);
    });
    socket.on('error', error => end(() => reject(error)));
    socket.on('close', () =>
      end(() => {
        try {
          resolve({
            exitCode: exitCodeOf(status.toString()),
            stdout: stdout.toString(),
            stderr: stderr.toString(),
          });
        } catch (error) {
          reject(error);
        }
      }),
    );
  });
}

function addressOf(server: URL, command: PodCommand): URL {
  const base = server.pathname.replace(/\/$/, '');
  const path = ['namespaces', command.namespace, 'pods', command.pod, 'exec']
    .map(encodeURIComponent)
    .join('/');
  const url = new URL(`${base}/api/v1/${path}`, server);
  url.protocol = server.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = new URLSearchParams([
    ['container', command.container],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ...command.command.map(part => ['command', part]),
  ]).toString();
  return url;
}

/** The last message of the server says how the command ended. */
function exitCodeOf(text: string): number {
  if (text === '') {
    throw new Error(
      'the connection was closed before the command’s end was known',
    );
  }
  const status = JSON.parse(text) as {
    status?: string;
    message?: string;
    details?: { causes?: { reason?: string; message?: string }[] };
  };
  if (status.status === 'Success') {
    return 0;
  }
  const cause = status.details?.causes?.find(
    ({ reason }) => reason === 'ExitCode',
  );
  const code = Number(cause?.message);
  if (Number.isInteger(code) && code !== 0) {
    return code;
  }
  throw new Error(status.message ?? 'the command could not be run');
}

async function refusal(response: IncomingMessage): Promise<Error> {
  const body = new BoundedOutput(largestRefusal);
  for await (const chunk of response) body.add(chunk as Buffer);
  const code = response.statusCode ?? 0;
  try {
    const status = JSON.parse(body.toString()) as {
      message?: string;
      reason?: string;
    };
    return new ApiError(status.message ?? `the server answered ${code}`, {
      code,
      reason: status.reason ?? '',
    });
  } catch {
    return new ApiError(
      body.toString().trim().slice(0, 500) || `the server answered ${code}`,
      { code, reason: '' },
    );
  }
}
