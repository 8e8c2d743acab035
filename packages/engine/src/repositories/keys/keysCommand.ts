import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ClusterConnection } from '../../cluster/ClusterConnection';
import { createClusterClient } from '../../cluster/createClusterClient';
import { exportKeys } from './exportKeys';
import { importKeys } from './importKeys';
import { readKeyExport } from './KeyExport';

/** How the commands about keys are called. */
export const keysUsage = `Usage: engine keys export --output FILE [--create] [CLUSTER]
       engine keys import FILE [--location NAME] [CLUSTER]

export  writes the passwords of repositories and the key that signs backups to a new
        file that only you can read. Keep it where a lost cluster does not take it
        along. --create makes them first where there are none yet.
import  creates the Secrets from such a file; one that exists is never changed.
        --location NAME imports passwords for the repositories of one storage
        location that another installation wrote.

CLUSTER --kubeconfig FILE, --context NAME, --namespace NAME (openshift-adp), or --in-cluster.
        Needs the rights of an administrator of that namespace.
`;

const exitCodes = { ok: 0, failed: 1, usage: 2 };
const timeoutMs = 60_000;

interface Streams {
  out(text: string): void;
  error(text: string): void;
}

/**
 * Runs `engine keys …`.
 *
 * @param args - without `keys`
 * @returns the exit code
 */
export async function keysCommand(
  args: readonly string[],
  { out, error }: Streams,
): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (problem) {
    error(`${(problem as Error).message}\n${keysUsage}`);
    return exitCodes.usage;
  }
  const { values, positionals } = parsed;
  const [action, file] = positionals;
  const isExport = action === 'export' && !file && values.output;
  const isImport = action === 'import' && file && positionals.length === 2;
  if (!isExport && !isImport) {
    error(keysUsage);
    return exitCodes.usage;
  }
  const client = createClusterClient(connection(values), {});
  const options = {
    client,
    namespace: values.namespace ?? 'openshift-adp',
    signal: AbortSignal.timeout(timeoutMs),
    now: Date.now(),
  };
  try {
    return isImport
      ? await runImport(file, { ...options, location: values.location }, out)
      : await runExport(
          values.output ?? '',
          { ...options, create: values.create ?? false },
          out,
        );
  } catch (problem) {
    error(`${(problem as Error).message}\n`);
    return exitCodes.failed;
  } finally {
    client.close();
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      output: { type: 'string' },
      create: { type: 'boolean' },
      location: { type: 'string' },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      namespace: { type: 'string' },
      'in-cluster': { type: 'boolean' },
    },
  });
}

function connection(values: {
  kubeconfig?: string;
  context?: string;
  'in-cluster'?: boolean;
}): ClusterConnection {
  if (values['in-cluster']) return { name: 'in-cluster', inCluster: true };
  return {
    name: 'cluster',
    kubeconfig:
      values.kubeconfig ??
      process.env.KUBECONFIG ??
      path.join(homedir(), '.kube', 'config'),
    ...(values.context ? { context: values.context } : {}),
  };
}

async function runExport(
  file: string,
  options: Parameters<typeof exportKeys>[0],
  out: Streams['out'],
): Promise<number> {
  const { exported, record } = await exportKeys(options);
  // An earlier export may be the only one that fits an older bucket.
  writeFileSync(file, `${JSON.stringify(exported, undefined, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
  await record();
  out(
    `${exported.secrets.length} keys are in ${file}. Whoever has this file can read all volume data: keep it safe, and away from this cluster.\n`,
  );
  return exitCodes.ok;
}

async function runImport(
  file: string,
  options: Parameters<typeof importKeys>[1],
  out: Streams['out'],
): Promise<number> {
  const results = await importKeys(
    readKeyExport(readFileSync(file, 'utf8')),
    options,
  );
  const texts = {
    created: 'created',
    present: 'there already, with the same value',
    differs: `there already WITH ANOTHER VALUE, and not changed. If nothing was ever encrypted or signed with it, delete it and import again (kubectl -n ${options.namespace} delete secret NAME); else import passwords with --location`,
  };
  for (const { name, outcome } of results) {
    out(`${name}: ${texts[outcome]}\n`);
  }
  if (results.length === 0) out('The file has no keys for this purpose.\n');
  const isDone =
    results.length > 0 && results.every(({ outcome }) => outcome !== 'differs');
  return isDone ? exitCodes.ok : exitCodes.failed;
}
