import { ApiError } from './ApiError';

const connectionFailures = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Whether the socket failed, so that no answer came. */
export function isConnectionFailure(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && connectionFailures.has(code);
}

const distrust =
  /^(CERT_|UNABLE_TO_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|ERR_TLS_CERT_|ERR_SSL_.*(CERT|ALERT|SIGNATURE))/;

/**
 * Whether client and server did not accept each other's certificates. The connection ended before the request was sent.
 */
export function isCertificateRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && distrust.test(code);
}

/**
 * Whether a request may be sent again. Reads: whenever the failure looks
 * passing. Writes: only when the server certainly did not act on it (it said
 * 429, or no connection was made), since a repeated write may do a thing twice.
 */
export function mayRetry(error: unknown, kind: 'read' | 'write'): boolean {
  if (error instanceof ApiError) {
    if (error.code === 429) return true;
    return kind === 'read' && [500, 502, 503, 504].includes(error.code);
  }
  if ((error as { code?: unknown } | undefined)?.code === 'ECONNREFUSED') {
    return true;
  }
  return kind === 'read' && isConnectionFailure(error);
}

/**
 * Whether a write that failed so may have been carried out all the same: its
 * answer was lost, or the server gave up in the middle. Who sent it has to look
 * before it is sent again or called failed.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof ApiError
    ? [500, 502, 503, 504].includes(error.code)
    : isConnectionFailure(error);
}
