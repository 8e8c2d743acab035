import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** An access key with its secret. */
export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

const authorization =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+),/;

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) =>
  createHash('sha256').update(text).digest('hex');

/** The access key with which a request was signed. */
export function accessKeyOf(headers: IncomingHttpHeaders): string | undefined {
  return authorization.exec(headers.authorization ?? '')?.[1];
}

/**
 * Signs a request with other keys than its sender's (AWS Signature Version 4, in the header).
 *
 * @returns its headers with the new signature; as they were where it is not signed
 */
export function signAgain(
  {
    method,
    url,
    headers,
  }: { method: string; url: string; headers: IncomingHttpHeaders },
  { accessKeyId, secretAccessKey }: S3Keys,
): IncomingHttpHeaders {
  const [, , scope, signed] =
    authorization.exec(headers.authorization ?? '') ?? [];
  if (!scope) return headers;
  const [path, query = ''] = url.split('?', 2);
  const canonical = [
    method,
    path,
    query
      .split('&')
      .map(part => (part === '' || part.includes('=') ? part : `${part}=`))
      .sort()
      .join('&'),
    ...signed
      .split(';')
      .map(name => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const toSign = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    scope,
    sha256(canonical),
  ].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>(
      (secret, part) => hmac(secret, part),
      `AWS4${secretAccessKey}`,
    );
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${hmac(
      key,
      toSign,
    ).toString('hex')}`,
  };
}
