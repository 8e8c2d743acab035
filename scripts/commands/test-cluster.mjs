// npm run test:cluster: backs up and restores an application with its volumes on a cluster that exists, with an engine that has
// the rights of deploy/ and no others.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundlePrograms } from '../bundle.mjs';
import { runSuite } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

const usage = `npm run test:cluster -- --kubeconfig FILE --storage-class SC --snapshot-class VSC --mover-image IMAGE \\
    --storage 's3://bucket/prefix?endpoint=URL'

  --kubeconfig FILE       of the ServiceAccount lifeboat-engine, or of an administrator; deploy/ must be applied
  --storage-class SC      for the volumes of the test
  --snapshot-class VSC    of the same driver
  --mover-image IMAGE     of packages/data-mover; never pulled where the node has it
  --storage URL           s3://bucket/prefix?endpoint=URL&region=R&ca=PEM-FILE, reached from here and from pods alike;
                          AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are its keys
  --namespace NAME        the control namespace, openshift-adp
  --host-pods-path PATH   the kubelet's folder of pods, where it cannot be found out (for file-system backup)
  --keep                  remove nothing at the end

KOPIA names a kopia program, which then verifies the repositories.`;

const options = Object.fromEntries(
  ['kubeconfig', 'storage-class', 'snapshot-class', 'mover-image', 'storage', 'namespace', 'host-pods-path'].map(name => [
    name,
    { type: 'string' },
  ]),
);

/** The options, or what is wrong with them. */
function read() {
  let values;
  let positionals;
  try {
    ({ values, positionals } = parseArgs({ options: { ...options, keep: { type: 'boolean' } }, allowPositionals: true }));
  } catch (error) {
    return error.message;
  }
  const missing = [
    ...['kubeconfig', 'storage-class', 'snapshot-class', 'mover-image', 'storage'].filter(name => !values[name]).map(name => `--${name}`),
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].filter(name => !process.env[name]),
  ];
  if (missing.length > 0) return `Missing: ${missing.join(', ')}`;
  const kubeconfig = resolve(process.env.INIT_CWD ?? process.cwd(), values.kubeconfig);
  if (!existsSync(kubeconfig)) return `${kubeconfig} does not exist`;
  return { ...values, kubeconfig, jest: positionals };
}

const given = read();
if (typeof given === 'string') {
  console.error(`${given}\n\n${usage}`);
  closeWith({ passed: 0, failed: 1 });
} else {
  const { jest, ...settings } = given;
  await bundlePrograms();
  closeWith(await runSuite('real-cluster', jest, { LIFEBOAT_CLUSTER_TEST: JSON.stringify(settings) }));
}
