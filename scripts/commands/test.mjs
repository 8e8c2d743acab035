// npm test: unit tests and the stories on the embedded cluster. Needs no other server and no network.
import { bundlePrograms } from '../bundle.mjs';
import { runUnitTests } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

await bundlePrograms();
const counts = await runUnitTests(process.argv.slice(2));
console.log('\nNot run here: real S3 servers (test:s3), a real kube-apiserver (test:api-server), a browser (test:e2e), kills at every write (test:faults).');
closeWith(counts);
