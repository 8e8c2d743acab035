import { StorageError } from './ObjectStore';
import { explainS3Error } from './explainS3Error';

const place = {
  bucket: 'backups',
  endpoint: 'https://s3.example.com',
  region: 'eu-west-1',
  credentials: 'Secret cloud-credentials, key cloud, profile [default]',
};

function s3Error(name: string, status?: number, more: object = {}): Error {
  return Object.assign(new Error(`${name} happened`), {
    name,
    ...(status ? { $metadata: { httpStatusCode: status } } : {}),
    ...more,
  });
}

describe('explainS3Error', () => {
  it.each([
    [
      s3Error('NoSuchBucket', 404),
      'bucket-missing',
      'Bucket "backups" does not exist at https://s3.example.com',
      false,
    ],
    [
      s3Error('InvalidAccessKeyId', 403),
      'credentials',
      'does not know the access key in Secret cloud-credentials',
      false,
    ],
    [
      s3Error('SignatureDoesNotMatch', 403),
      'credentials',
      'check aws_secret_access_key',
      false,
    ],
    [s3Error('ExpiredToken', 400), 'credentials', 'session token', false],
    [s3Error('RequestTimeTooSkewed', 403), 'time-skew', 'clocks differ', false],
    [
      s3Error('AuthorizationHeaderMalformed', 400, { Region: 'eu-north-1' }),
      'region',
      'not in region "eu-west-1" but in "eu-north-1"',
      false,
    ],
    [
      s3Error('PermanentRedirect', 301),
      'region',
      'correct config.region',
      false,
    ],
    [s3Error('QuotaExceeded', 403), 'quota', 'quota', true],
    [
      s3Error('BadDigest', 400),
      'integrity',
      'other bytes than were sent',
      true,
    ],
    [
      s3Error('MissingContentLength', 411),
      'configuration',
      'config.checksumAlgorithm to ""',
      false,
    ],
    [
      s3Error('AccessDenied', 403),
      'access-denied',
      'was denied for the key in Secret',
      false,
    ],
    [
      s3Error('Unknown', 403),
      'access-denied',
      'check the key and its policy',
      false,
    ],
    [s3Error('InternalError', 500), 'unreachable', 'HTTP status 500', true],
    [s3Error('MethodNotAllowed', 405), 'other', 'MethodNotAllowed', false],
    [
      s3Error('Error', undefined, { code: 'ECONNREFUSED' }),
      'unreachable',
      'cannot be reached (ECONNREFUSED)',
      true,
    ],
    [
      s3Error('Error', undefined, { code: 'ENOTFOUND' }),
      'unreachable',
      's3ForcePathStyle',
      true,
    ],
    [s3Error('TimeoutError'), 'timeout', 'did not answer in time', true],
    [
      s3Error('Error', undefined, { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      'tls',
      'spec.objectStorage.caCert',
      false,
    ],
    [
      s3Error('Error', undefined, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
      'tls',
      'another host name',
      false,
    ],
    [
      s3Error('Error', undefined, { code: 'CERT_HAS_EXPIRED' }),
      'tls',
      'expired',
      false,
    ],
    [
      s3Error('Error', undefined, { code: 'EPROTO' }),
      'tls',
      'http:// or https://',
      false,
    ],
    [
      s3Error('Error', undefined, { cause: { code: 'ECONNRESET' } }),
      'unreachable',
      'ECONNRESET',
      true,
    ],
  ])('explains %s', (error, reason, message, retryable) => {
    const explained = explainS3Error(error, place) as StorageError;
    expect(explained).toBeInstanceOf(StorageError);
    expect(explained.reason).toBe(reason);
    expect(explained.message).toContain(message);
    expect(explained.retryable).toBe(retryable);
    expect(explained.cause).toBe(error);
  });

  it('leaves other errors alone', () => {
    const bug = new TypeError('undefined is not a function');
    expect(explainS3Error(bug, place)).toBe(bug);
    const abort = s3Error('AbortError');
    expect(explainS3Error(abort, place)).toBe(abort);
  });
});
