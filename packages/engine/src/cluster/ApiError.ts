/**
 * The API server answered with a failure: the fields of its `Status` object.
 * @public
 */
export class ApiError extends Error {
  /** HTTP status, such as 409. */
  readonly code: number;
  /** Kubernetes' reason, such as `AlreadyExists`; `Unknown` when the answer had none. */
  readonly reason: string;
  /** `Status.details` as sent: name, kind, causes, retryAfterSeconds. */
  readonly details: ApiErrorDetails | undefined;
  /** With 410 on a page of a list: the token with which the list goes on, at a newer state. */
  readonly continueToken: string | undefined;

  constructor(
    message: string,
    fields: {
      code: number;
      reason?: string;
      details?: ApiErrorDetails;
      continueToken?: string;
    },
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = fields.code;
    this.reason = fields.reason ?? 'Unknown';
    this.details = fields.details;
    this.continueToken = fields.continueToken;
  }
}

/** @public */
export interface ApiErrorDetails {
  name?: string;
  group?: string;
  kind?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

function is(error: unknown, code: number, reason?: string): boolean {
  return (
    error instanceof ApiError &&
    error.code === code &&
    (reason === undefined || error.reason === reason)
  );
}

/** A write lost against another writer: read again and retry. @public */
export function isConflict(error: unknown): boolean {
  return is(error, 409) && !isAlreadyExists(error);
}

/** @public */
export function isAlreadyExists(error: unknown): boolean {
  return is(error, 409, 'AlreadyExists');
}

/** @public */
export function isNotFound(error: unknown): boolean {
  return is(error, 404);
}

/** @public */
export function isForbidden(error: unknown): boolean {
  return is(error, 403);
}

/** A watch or a page token is too old. @public */
export function isGone(error: unknown): boolean {
  return is(error, 410);
}

/** The object itself was refused: retrying the same request cannot help. @public */
export function isInvalid(error: unknown): boolean {
  return is(error, 422) || is(error, 400);
}
