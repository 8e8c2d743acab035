import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startApiServer } from './api-server/startApiServer';
import { startControllers, startNode } from './node';

const usage = `usage: dev-cluster [--port PORT] [--state DIR] [--kubeconfig FILE] [--runtimes FILE.json] [--volumes DIR] [--no-node]
       dev-cluster --controllers-only --kubeconfig FILE
       dev-cluster --node-only --kubeconfig FILE [--runtimes FILE.json] [--volumes DIR] [--kubelet-client-certificate FILE]

Starts an embedded Kubernetes API on 127.0.0.1 and, unless --no-node is given, a node that runs pods as processes.
When it is ready it prints one line of JSON: {"server":"https://127.0.0.1:PORT","kubeconfig":"FILE"}.
With --controllers-only it runs its controllers against the API server of a kubeconfig file that exists: one that has no
controller manager. With --node-only it runs node, storage and all controllers against such a server; the kubelet answers
that server by TLS when it shows the given client certificate (its own --kubelet-client-certificate). SIGTERM or SIGINT ends it with all that it started.
`;

interface Arguments {
  port: number;
  state?: string;
  kubeconfig?: string;
  runtimes?: string;
  volumes?: string;
  node: boolean;
  controllersOnly: boolean;
  nodeOnly: boolean;
  kubeletClientCertificate?: string;
}

/** Command-line arguments; throws Error with what is wrong. */
function readArguments(argv: string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: argv,
    options: {
      port: { type: 'string', default: '0' },
      state: { type: 'string' },
      kubeconfig: { type: 'string' },
      runtimes: { type: 'string' },
      volumes: { type: 'string' },
      'no-node': { type: 'boolean', default: false },
      'controllers-only': { type: 'boolean', default: false },
      'node-only': { type: 'boolean', default: false },
      'kubelet-client-certificate': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`--port must be a number from 0 to 65535: ${values.port}`);
  }
  for (const name of ['controllers-only', 'node-only'] as const) {
    if (values[name] && !values.kubeconfig) {
      throw new Error(`--${name} needs --kubeconfig`);
    }
  }
  const path = (value: string | undefined) =>
    value === undefined ? undefined : resolve(value);
  return {
    port,
    state: path(values.state),
    kubeconfig: path(values.kubeconfig),
    runtimes: path(values.runtimes),
    volumes: path(values.volumes),
    node: !values['no-node'],
    controllersOnly: values['controllers-only'] === true,
    nodeOnly: values['node-only'] === true,
    kubeletClientCertificate: path(values['kubelet-client-certificate']),
  };
}

const log = (line: string) => process.stderr.write(`${line}\n`);

function toldToStop(): Promise<void> {
  return new Promise<void>(done => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => done());
    }
  });
}

async function runControllers(kubeconfig: string) {
  const stopping = new AbortController();
  const stopped = toldToStop();
  const controllers = await startControllers({
    kubeconfigFile: kubeconfig,
    signal: stopping.signal,
    log,
  });
  process.stdout.write(`${JSON.stringify({ kubeconfig })}\n`);
  await stopped;
  stopping.abort();
  await controllers.stop();
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dev-cluster-'));
  // Programs that are not root must get through to their volumes.
  chmodSync(folder, 0o711);
  return folder;
}

async function runNode(given: Arguments, kubeconfig: string) {
  const temporary = temporaryFolder();
  const stopping = new AbortController();
  const stopped = toldToStop();
  const node = await startNode({
    kubeconfigFile: kubeconfig,
    runtimesFile: given.runtimes,
    volumesDirectory: given.volumes ?? join(temporary, 'volumes'),
    kubeletClientCertificate: given.kubeletClientCertificate,
    signal: stopping.signal,
    log,
  });
  process.stdout.write(`${JSON.stringify({ kubeconfig })}\n`);
  await stopped;
  stopping.abort();
  await node.stop();
  await rm(temporary, { recursive: true, force: true });
}

async function run(given: Arguments) {
  const temporary = temporaryFolder();
  const stopping = new AbortController();
  const stopped = toldToStop();
  const api = await startApiServer({
    port: given.port,
    stateDirectory: given.state,
  });
  const kubeconfig = given.kubeconfig ?? join(temporary, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig, { mode: 0o600 });
  const volumes = given.volumes ?? join(given.state ?? temporary, 'volumes');
  const node = given.node
    ? await startNode({
        kubeconfigFile: kubeconfig,
        runtimesFile: given.runtimes,
        volumesDirectory: volumes,
        kubeletToken: api.kubeletToken,
        signal: stopping.signal,
        log,
      })
    : undefined;
  process.stdout.write(`${JSON.stringify({ server: api.url, kubeconfig })}\n`);
  await stopped;
  stopping.abort();
  await node?.stop();
  await api.stop();
  await rm(temporary, { recursive: true, force: true });
}

async function main() {
  let given: Arguments | 'help';
  try {
    given = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(
      `dev-cluster: ${(error as Error).message}\n\n${usage}`,
    );
    process.exitCode = 2;
    return;
  }
  if (given === 'help') {
    process.stdout.write(usage);
    return;
  }
  try {
    if (given.controllersOnly && given.kubeconfig) {
      await runControllers(given.kubeconfig);
    } else if (given.nodeOnly && given.kubeconfig) {
      await runNode(given, given.kubeconfig);
    } else {
      await run(given);
    }
    process.exit(0);
  } catch (error) {
    process.stderr.write(`dev-cluster: ${(error as Error).stack ?? error}\n`);
    process.exit(1);
  }
}

main();
