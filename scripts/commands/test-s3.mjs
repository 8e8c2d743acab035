// npm run test:s3: the object store suite and stories on the S3 server that S3_ENDPOINT and its companions name.
import { bundlePrograms } from '../bundle.mjs';
import { runSuite } from '../jest.mjs';
import { closeWith } from '../tally.mjs';

const missing = ['S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'S3_BUCKET'].filter(name => !process.env[name]);
if (missing.length > 0) {
  console.error(
    `${missing.join(', ')} not set. Name an S3 server and a bucket that may be filled and emptied: S3_ENDPOINT, S3_ACCESS_KEY, ` +
      'S3_SECRET_KEY, S3_REGION, S3_BUCKET and, for the TLS tests, S3_TLS_ENDPOINT and S3_CA_CERT (a PEM file).',
  );
  closeWith({ passed: 0, failed: 1 });
} else {
  await bundlePrograms();
  closeWith(await runSuite('s3', process.argv.slice(2)));
}
