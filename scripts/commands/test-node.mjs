// npm run test:node: file-system backup on a real node of this machine. KUBECONFIG names an administrator of a one-node cluster
// that runs here, KUBE_STATE its folder (the kubelet's is below it), MOVER_IMAGE an image of packages/data-mover that it has.
import { existsSync } from 'node:fs';
import { bundlePrograms } from '../bundle.mjs';
import { runSuite } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

const missing = ['KUBECONFIG', 'KUBE_STATE', 'MOVER_IMAGE'].filter(name => !process.env[name]);
if (missing.length > 0 || !existsSync(`${process.env.KUBE_STATE}/kubelet/pods`)) {
  console.error(
    missing.length > 0
      ? `${missing.join(', ')} not set: they name a one-node cluster of this machine and the image of the mover on it.`
      : `${process.env.KUBE_STATE}/kubelet/pods does not exist: KUBE_STATE names the folder of a node that runs here.`,
  );
  closeWith({ passed: 0, failed: 1 });
} else {
  await bundlePrograms();
  closeWith(await runSuite('real-node', process.argv.slice(2)));
}
