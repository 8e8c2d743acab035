import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startKubeApiServer } from '../cluster/startKubeApiServer';
import { startNodeOn } from '../cluster/startNodeOn';
import { nodeStories, toolRuntimes } from '../node/nodeStories';

jest.setTimeout(120_000);

nodeStories('a real kube-apiserver', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-runtimes-'));
  const runtimes = path.join(folder, 'runtimes.json');
  writeFileSync(runtimes, JSON.stringify(toolRuntimes));
  const server = await startKubeApiServer({ withoutControllers: true });
  const node = await startNodeOn(server.kubeconfig, {
    runtimes,
    kubeletClientCertificate: server.kubeletClientCertificate,
  });
  return {
    ...server,
    stop: async () => {
      await node.stop();
      await server.stop();
    },
  };
});
