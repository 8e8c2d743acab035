import { KopiaError } from '@lifeboat/kopia';
import { explainFailure } from './explainFailure';

const place = {
  location: 'default',
  volumeNamespace: 'shop',
  controlNamespace: 'openshift-adp',
};

describe('explainFailure', () => {
  it.each([
    [
      new KopiaError('invalid-password', 'The password is wrong'),
      /^The repository password does not open the repository of namespace shop in storage location default\..*velero-repo-credentials in openshift-adp/,
    ],
    [
      new KopiaError('not-found', 'bucket b/kopia/shop/ is empty'),
      /^Cannot open the repository of namespace shop in storage location default: bucket/,
    ],
    [
      new KopiaError('storage', 'Writing p1 failed: QuotaExceeded (HTTP 403)'),
      /^The storage of location default is full/,
    ],
    [
      new KopiaError(
        'storage',
        'Writing p1 failed: the disk is full (ENOSPC)',
        {
          place: { blob: 'p1' },
        },
      ),
      /^The storage of location default is full/,
    ],
    [
      new KopiaError(
        'storage',
        'Restoring a failed: the disk is full (ENOSPC)',
        {
          place: { file: 'a' },
        },
      ),
      /^The volume is full/,
    ],
    [
      new KopiaError(
        'read-only',
        'Reading kopia.repository failed: InvalidAccessKeyId, no permission (HTTP 403)',
      ),
      /refuses the credentials/,
    ],
    [new Error('anything else'), /^anything else$/],
  ])('%s', (error, text) => {
    expect(explainFailure(error, place)).toMatch(text);
  });
});
