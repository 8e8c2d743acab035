import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ClusterApi } from './cluster/ClusterApi';
import { APPLICATION_NAMESPACE } from './cluster/installApplication';
import { demoPaths, stateDirectory } from './paths';

const CONFIG_MAP = 'web-settings';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '7007' } },
  });
  const { root } = demoPaths(process.argv[1]);
  const kubeconfig = join(
    stateDirectory(root, Number(values.port)),
    'kubeconfig',
  );
  if (!existsSync(kubeconfig)) {
    throw new Error(
      `No demo runs on port ${values.port}. Start it with: npm run demo`,
    );
  }
  const cluster = await ClusterApi.fromKubeconfig(kubeconfig);
  const namespace = `/api/v1/namespaces/${APPLICATION_NAMESPACE}`;
  const there = await cluster
    .find('v1', 'configmaps', APPLICATION_NAMESPACE, CONFIG_MAP)
    .catch(() => {
      throw new Error(
        `The demo's cluster does not answer. Start the demo with: npm run demo`,
      );
    });
  if (!there) {
    throw new Error(
      `ConfigMap ${CONFIG_MAP} is gone already. Restore it from the Backups tab of component orders.`,
    );
  }
  await cluster.request('DELETE', `${namespace}/configmaps/${CONFIG_MAP}`);
  const pods = await cluster.list(
    { apiVersion: 'v1', resource: 'pods', kind: 'Pod' },
    APPLICATION_NAMESPACE,
  );
  for (const pod of pods) {
    if (pod.metadata.labels?.['app.kubernetes.io/name'] === 'web') {
      await cluster.request('DELETE', `${namespace}/pods/${pod.metadata.name}`);
    }
  }
  const portal = `http://localhost:${values.port}`;
  process.stdout
    .write(`ConfigMap ${CONFIG_MAP} of namespace ${APPLICATION_NAMESPACE} is deleted and the web pods are restarted: they cannot start without it.

  The broken page  ${portal}/demo/${APPLICATION_NAMESPACE}/
  Put it right     ${portal}/catalog/default/component/orders/backups  (restore into the same namespace)
`);
}

main().catch(error => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
});
