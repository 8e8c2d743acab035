import { ConflictError, InputError } from '@backstage/errors';
import { isAlreadyExists, isInvalid } from '@lifeboat/engine';

/** What the API server said about an object that we created, in words for users. */
export function creationError(error: unknown, name: string): unknown {
  if (isAlreadyExists(error)) {
    return new ConflictError(`The name "${name}" is taken: choose another`);
  }
  if (isInvalid(error)) {
    return new InputError((error as Error).message);
  }
  return error;
}
