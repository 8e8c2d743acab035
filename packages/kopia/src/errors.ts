/**
 * What went wrong, for programs.
 *
 * @public
 */
export type KopiaErrorCode =
  | 'already-exists'
  | 'blob-not-found'
  | 'corrupt'
  | 'foreign-storage'
  | 'invalid-argument'
  | 'invalid-password'
  | 'limit-exceeded'
  | 'not-found'
  | 'not-owner'
  | 'read-only'
  | 'storage'
  | 'timeout'
  | 'unsafe'
  | 'unsupported'
  | 'upgrade-in-progress';

/** Where damage or a refusal was found; each level that knows more adds to it. @public */
export interface ErrorPlace {
  blob?: string;
  content?: string;
  object?: string;
  file?: string;
}

/**
 * Every error that this package raises on purpose. `retryable` says whether the same call may succeed later
 * without anybody changing anything.
 *
 * @public
 */
export class KopiaError extends Error {
  readonly code: KopiaErrorCode;
  readonly retryable: boolean;
  readonly place: ErrorPlace;

  constructor(
    code: KopiaErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean; place?: ErrorPlace } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'KopiaError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.place = options.place ?? {};
  }
}

/** Whether a value is a {@link KopiaError}, of the given code if one is given. @public */
export function isKopiaError(
  error: unknown,
  code?: KopiaErrorCode,
): error is KopiaError {
  return error instanceof KopiaError && (!code || error.code === code);
}

/** A stored byte is not what its writer wrote; `place` names the blob, content, object and file as far as known. */
export function corrupt(
  message: string,
  place: ErrorPlace = {},
  cause?: unknown,
): KopiaError {
  return new KopiaError('corrupt', message, { place, cause });
}

/** The same error with more about its place, named in the message. */
export function placed(error: unknown, place: ErrorPlace): unknown {
  if (!(error instanceof KopiaError)) return error;
  const added = (Object.keys(place) as (keyof ErrorPlace)[]).filter(
    key => place[key] !== undefined && error.place[key] === undefined,
  );
  if (added.length === 0) return error;
  const where = added.map(key => `${key} ${place[key]}`).join(', ');
  return new KopiaError(error.code, `${error.message} (${where})`, {
    cause: error.cause ?? error,
    retryable: error.retryable,
    place: { ...place, ...error.place },
  });
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
