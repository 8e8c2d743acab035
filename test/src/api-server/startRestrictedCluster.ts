import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BackgroundProcess } from '../cluster/childProcess';
import { eventually } from '../cluster/eventually';
import { Kubectl } from '../cluster/Kubectl';
import type { RunningCluster } from '../cluster/RunningCluster';
import { startKubeApiServer } from '../cluster/startKubeApiServer';
import { startNodeOn } from '../cluster/startNodeOn';
import { writeKubeconfig } from '../cluster/writeKubeconfig';
import { readmeCommands } from './readmeCommands';

/** A real API server on which the engine has only what deploy/ grants. */
export interface RestrictedCluster extends RunningCluster {
  engineKubeconfig: string;
  serve(namespace: string): Promise<void>;
  /** kubectl with all rights. */
  kubectl: Kubectl;
  server: string;
}

/**
 * Starts a real kube-apiserver and etcd, applies deploy/ with kubectl by the commands of deploy/README.md, and gives the engine
 * a kubeconfig with a token of the ServiceAccount lifeboat-engine.
 *
 * @param options - `runtimes`: images that run as processes; with it there is a node, with volumes and snapshots;
 *   `fileSystemBackup`: the platform team agrees to host paths
 */
export async function startRestrictedCluster(
  options: { runtimes?: string; fileSystemBackup?: boolean } = {},
): Promise<RestrictedCluster> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-restricted-'));
  mkdirSync(path.join(folder, 'cache'));
  const { runtimes } = options;
  const cluster = await startKubeApiServer({
    withoutControllers: runtimes !== undefined,
  });
  let node: BackgroundProcess | undefined;
  const stop = async () => {
    await node?.stop();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (runtimes !== undefined) {
      const { kubeconfig, kubeletClientCertificate } = cluster;
      node = await startNodeOn(kubeconfig, {
        runtimes,
        kubeletClientCertificate,
      });
    }
    const kubectl = new Kubectl(cluster.kubeconfig, path.join(folder, 'cache'));
    const [install, ...optional] = readmeCommands('Install');
    await kubectl.shell(install);
    if (options.fileSystemBackup) {
      const part = 'apply -k deploy/engine/file-system-backup';
      const consent = optional.find(commands => commands.includes(part));
      if (!consent) throw new Error(`deploy/README.md no longer has "${part}"`);
      await kubectl.shell(consent);
    }
    await untilFenced(kubectl);
    const tokenCommand = readmeCommands('Connect the portal').find(commands =>
      commands.includes('create token'),
    );
    const token = await kubectl.shell(tokenCommand ?? '');
    const engineKubeconfig = path.join(folder, 'engine-kubeconfig');
    writeKubeconfig(engineKubeconfig, {
      server: cluster.server,
      certificateAuthority: cluster.certificateAuthority,
      token: token.trim(),
    });
    const serve = (namespace: string) => serveNamespace(kubectl, namespace);
    return { ...cluster, engineKubeconfig, serve, kubectl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** New admission policies are compiled after a moment; before that they refuse nothing. */
async function untilFenced(kubectl: Kubectl): Promise<void> {
  await eventually(
    'the fence refuses the engine a namespace without a mark',
    async () => {
      const { code, stderr } = await kubectl.try([
        '--as=system:serviceaccount:openshift-adp:lifeboat-engine',
        'create',
        'namespace',
        'unmarked',
        '--dry-run=server',
      ]);
      return code !== 0 && stderr.includes('carries the label');
    },
    30_000,
  );
}

/** The commands of "Serve a namespace": the grant, and the label where no annotation of the namespace agrees already. */
async function serveNamespace(
  kubectl: Kubectl,
  namespace: string,
): Promise<void> {
  const blocks = readmeCommands('Serve a namespace');
  const line = (part: string) => {
    const found = blocks
      .flatMap(block => block.split('\n'))
      .find(each => each.includes(part));
    if (!found) throw new Error(`deploy/README.md no longer has "${part}"`);
    return found.replaceAll('shop', namespace);
  };
  await kubectl.shell(line('create rolebinding'));
  const annotated = await kubectl.run([
    'get',
    'namespace',
    namespace,
    '-o=jsonpath={.metadata.annotations.lifeboat\\.dev/entities}',
  ]);
  if (!annotated) await kubectl.shell(line('kubectl label namespace'));
}
