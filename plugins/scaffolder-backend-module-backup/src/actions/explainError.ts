import { ForwardedError } from '@backstage/errors';
import { problemOf } from '@lifeboat/backstage-plugin-backup-common';

/** An error whose message says what a person can do about it. */
export function explained(message: string, error: unknown): Error {
  const problem = problemOf(error);
  const remedy = problem?.command ?? problem?.yaml;
  return new ForwardedError(
    problem
      ? `${message}: ${problem.message}${remedy ? `\n${remedy}` : ''}`
      : message,
    error,
  );
}
