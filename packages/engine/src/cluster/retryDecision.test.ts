import { ApiError } from './ApiError';
import { isCertificateRefusal, mayRetry } from './retryDecision';

const failure = (code: string) => Object.assign(new Error(code), { code });

describe('isCertificateRefusal', () => {
  it.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'CERT_SIGNATURE_FAILURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
  ])('is %s', code => {
    expect(isCertificateRefusal(failure(code))).toBe(true);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPROTO', 'ERR_STREAM_DESTROYED'])(
    'is not %s',
    code => {
      expect(isCertificateRefusal(failure(code))).toBe(false);
    },
  );

  it('is nothing that the server answered', () => {
    const answer = new ApiError('no', { code: 403, reason: 'Forbidden' });
    expect(isCertificateRefusal(answer)).toBe(false);
    expect(isCertificateRefusal(undefined)).toBe(false);
  });
});

describe('mayRetry', () => {
  it('does not send again for a certificate alone', () => {
    expect(mayRetry(failure('CERT_HAS_EXPIRED'), 'read')).toBe(false);
  });
});
