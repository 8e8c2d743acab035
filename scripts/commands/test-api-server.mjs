// npm run test:api-server: contract and engine stories on a real kube-apiserver and etcd, which come from the folder
// that KUBEBUILDER_ASSETS names (envtest's convention: kube-apiserver, etcd, kubectl).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePrograms } from '../bundle.mjs';
import { runSuite } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

const assets = process.env.KUBEBUILDER_ASSETS;
const missing = ['kube-apiserver', 'etcd', 'kubectl'].filter(name => !assets || !existsSync(join(assets, name)));
if (missing.length > 0) {
  console.error(
    `KUBEBUILDER_ASSETS ${assets ? `(${assets}) lacks ${missing.join(', ')}` : 'is not set'}. ` +
      'It names a folder with kube-apiserver, etcd and kubectl; to get one: ' +
      'go run sigs.k8s.io/controller-runtime/tools/setup-envtest@latest use -p env',
  );
  closeWith({ passed: 0, failed: 1 });
} else {
  await bundlePrograms();
  closeWith(await runSuite('api-server', process.argv.slice(2)));
}
