import {
  ConflictError,
  InputError,
  NotAllowedError,
  ServiceUnavailableError,
} from '@backstage/errors';
import type {
  Problem,
  ProblemCode,
} from '@lifeboat/backstage-plugin-backup-common';

type ErrorClass = new (message: string) => Error;

const classes: Record<ProblemCode, ErrorClass> = {
  'annotation-missing': ConflictError,
  'cluster-unknown': ConflictError,
  'choose-cluster': InputError,
  'namespace-missing': ConflictError,
  'consent-missing': NotAllowedError,
  'selector-invalid': ConflictError,
  'not-owner': NotAllowedError,
  'cluster-unreachable': ServiceUnavailableError,
  'engine-stopped': ServiceUnavailableError,
  'storage-unavailable': ServiceUnavailableError,
  'no-storage-location': ConflictError,
  'target-not-allowed': NotAllowedError,
  'not-restorable': ConflictError,
};

/**
 * The error for a problem: its class, and with it the HTTP status, follows from
 * the problem's code; the problem travels as `error.problem` to the client.
 */
export function problemError(problem: Problem): Error & { problem: Problem } {
  const error = new classes[problem.code](problem.message);
  return Object.assign(error, { problem });
}

/**
 * The problem that an error carries, if it carries one of ours: other errors
 * have a `problem` of their own kind.
 */
export function carriedProblem(error: unknown): Problem | undefined {
  const problem: unknown =
    error instanceof Error && 'problem' in error ? error.problem : undefined;
  return isProblem(problem) ? problem : undefined;
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    Object.hasOwn(classes, String(value.code))
  );
}
