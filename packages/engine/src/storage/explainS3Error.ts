import { StorageError, type StorageErrorReason } from './ObjectStore';

/** Where a request went, for messages. */
export interface S3Place {
  bucket: string;
  /** URL, or `AWS S3 in <region>`. */
  endpoint: string;
  region: string;
  /** What the keys were read from, such as `Secret cloud-credentials, profile [default]`. */
  credentials: string;
}

interface AnyError {
  name?: string;
  code?: string;
  Code?: string;
  message?: string;
  cause?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
  Region?: string;
}

interface Explanation {
  reason: StorageErrorReason;
  message: string;
  retryable?: boolean;
}

/**
 * Turns a failure of the S3 client into one that says what to check. Errors
 * that are not about storage (an abort) come back as they are.
 */
export function explainS3Error(error: unknown, place: S3Place): unknown {
  if (error instanceof StorageError) return error;
  const facts = (error ?? {}) as AnyError;
  if (facts.name === 'AbortError') return error;
  const explained = explain(facts, place);
  if (!explained) return error;
  return new StorageError(explained.message, explained.reason, {
    cause: error,
    retryable: explained.retryable ?? false,
  });
}

function explain(error: AnyError, place: S3Place): Explanation | undefined {
  const codes = causes(error).flatMap(each =>
    [each.code, each.Code, each.name].filter(
      (text): text is string => typeof text === 'string',
    ),
  );
  const has = (...names: string[]) => names.some(name => codes.includes(name));
  const status = error.$metadata?.httpStatusCode;
  const { bucket, endpoint, region, credentials } = place;

  if (has('NoSuchBucket')) {
    return {
      reason: 'bucket-missing',
      message: `Bucket "${bucket}" does not exist at ${endpoint}: create it, or correct spec.objectStorage.bucket`,
    };
  }
  if (has('InvalidAccessKeyId', 'UnrecognizedClientException')) {
    return {
      reason: 'credentials',
      message: `${endpoint} does not know the access key in ${credentials}: check aws_access_key_id, and that the key belongs to this server`,
    };
  }
  if (has('SignatureDoesNotMatch')) {
    return {
      reason: 'credentials',
      message: `${endpoint} refused the signature made with ${credentials}: check aws_secret_access_key, config.region ("${region}") and that config.s3Url is the address the server knows itself by`,
    };
  }
  if (has('ExpiredToken', 'InvalidToken', 'TokenRefreshRequired')) {
    return {
      reason: 'credentials',
      message: `${endpoint} refused the session token in ${credentials}: it has expired or is not valid`,
    };
  }
  if (has('RequestTimeTooSkewed')) {
    return {
      reason: 'time-skew',
      message: `${endpoint} refused the request because the clocks differ: check the time of the machine the engine runs on`,
    };
  }
  if (
    has(
      'PermanentRedirect',
      'AuthorizationHeaderMalformed',
      'IllegalLocationConstraintException',
      'TemporaryRedirect',
    ) ||
    status === 301
  ) {
    const actual =
      error.Region ?? error.$response?.headers?.['x-amz-bucket-region'];
    return {
      reason: 'region',
      message: `Bucket "${bucket}" is not in region "${region}"${
        actual ? ` but in "${actual}"` : ''
      }: correct config.region`,
    };
  }
  if (has('QuotaExceeded', 'ServiceQuotaExceeded', 'XMinioStorageFull')) {
    return {
      reason: 'quota',
      message: `The quota of bucket "${bucket}" or of its owner at ${endpoint} is used up`,
      retryable: true,
    };
  }
  if (has('BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch')) {
    return {
      reason: 'integrity',
      message: `${endpoint} received other bytes than were sent`,
      retryable: true,
    };
  }
  if (has('MissingContentLength') || status === 411) {
    return {
      reason: 'configuration',
      message: `${endpoint} does not take streams with a trailing checksum: set config.checksumAlgorithm to ""`,
    };
  }
  const tls = tlsProblem(codes);
  if (tls) {
    return { reason: 'tls', message: `TLS to ${endpoint} failed: ${tls}` };
  }
  if (has('EPROTO', 'HPE_INVALID_CONSTANT')) {
    return {
      reason: 'tls',
      message: `${endpoint} does not speak the protocol of its URL: check whether config.s3Url should begin with http:// or https://`,
    };
  }
  if (has('ENOTFOUND', 'EAI_AGAIN')) {
    return {
      reason: 'unreachable',
      message: `The name in ${endpoint} cannot be resolved: check config.s3Url${
        endpoint.includes(bucket)
          ? ''
          : ', and set config.s3ForcePathStyle to "true" unless the server answers under names that begin with the bucket'
      }`,
      retryable: true,
    };
  }
  if (
    has('ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET', 'EPIPE')
  ) {
    return {
      reason: 'unreachable',
      message: `${endpoint} cannot be reached (${codes.find(code =>
        /^E[A-Z]+$/.test(code),
      )}): check that the server runs, the port in config.s3Url, and network policies`,
      retryable: true,
    };
  }
  if (has('TimeoutError', 'ETIMEDOUT', 'RequestTimeout', 'ESOCKETTIMEDOUT')) {
    return {
      reason: 'timeout',
      message: `${endpoint} did not answer in time: check that it is reachable from where the engine runs`,
      retryable: true,
    };
  }
  if (has('AccessDenied', 'AllAccessDisabled') || status === 403) {
    return {
      reason: 'access-denied',
      message: `Access to bucket "${bucket}" at ${endpoint} was denied for the key in ${credentials}: check the key and its policy (list, get, put and delete objects)`,
    };
  }
  if (status !== undefined && status >= 500) {
    return {
      reason: 'unreachable',
      message: `${endpoint} answered with HTTP status ${status} (${
        error.name ?? 'no reason'
      })`,
      retryable: true,
    };
  }
  if (status !== undefined) {
    return {
      reason: 'other',
      message: `${endpoint} refused a request for bucket "${bucket}": ${
        error.name ?? `HTTP status ${status}`
      }${error.message ? `: ${error.message}` : ''}`,
    };
  }
  return undefined;
}

function tlsProblem(codes: string[]): string | undefined {
  for (const code of codes) {
    switch (code) {
      case 'SELF_SIGNED_CERT_IN_CHAIN':
      case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      case 'UNABLE_TO_GET_ISSUER_CERT':
      case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
        return `its certificate was signed by an unknown CA (${code}); put the CA's PEM, base64-encoded, into spec.objectStorage.caCert, or name a Secret in caCertRef`;
      case 'CERT_HAS_EXPIRED':
        return 'its certificate has expired';
      case 'CERT_NOT_YET_VALID':
        return 'its certificate is not valid yet; compare the clocks';
      case 'ERR_TLS_CERT_ALTNAME_INVALID':
        return 'its certificate is for another host name; use the name in the certificate in config.s3Url';
      default:
        if (/^ERR_(?:TLS|SSL)_/.test(code)) return code;
    }
  }
  return undefined;
}

function causes(error: AnyError): AnyError[] {
  const chain: AnyError[] = [];
  let next: unknown = error;
  while (next && typeof next === 'object' && chain.length < 8) {
    chain.push(next as AnyError);
    const { errors, cause } = next as AnyError & { errors?: unknown[] };
    if (Array.isArray(errors)) chain.push(...(errors as AnyError[]));
    next = cause;
  }
  return chain;
}
