import { createPrivateKey, X509Certificate } from 'node:crypto';
import { selfSignedCertificate } from './selfSignedCertificate';

describe('selfSignedCertificate', () => {
  it('is for this machine only, signed with its own key', () => {
    const now = new Date('2026-01-01T00:00:00Z');
    const { key, cert } = selfSignedCertificate(now);
    const parsed = new X509Certificate(cert);
    expect(parsed.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.ca).toBe(true);
    expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkHost('example.com')).toBeUndefined();
    expect(parsed.validFromDate.getTime()).toBeLessThan(now.getTime());
    expect(parsed.validToDate.getFullYear()).toBe(2035);
  });
});
