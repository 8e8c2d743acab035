import { applyPatch, Operation } from 'rfc6902';
import { badRequest, StatusError } from '../StatusError';
import { clone, equal, isObject, JsonObject } from '../json';

const maxOperations = 10_000;

/**
 * RFC 6902. Returns a new value.
 * Throws 400 for a patch that is not one, 422 when an operation cannot be applied (as the API server does).
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    );
  }
  if (patch.length > maxOperations) {
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    );
  }
  const result = clone(target);
  for (const operation of patch) {
    if (!isObject(operation) || typeof operation.op !== 'string') {
      throw badRequest('error decoding patch: every operation needs "op"');
    }
    // The library compares numbers as numbers; ours may be kept as text.
    if (operation.op === 'test' && typeof operation.path === 'string') {
      if (!equal(pointer(result, operation.path), operation.value)) {
        throw unprocessable(
          `testing value ${operation.path} failed: test failed`,
        );
      }
      continue;
    }
    const [error] = applyPatch(result, [
      lenient(result, clone(operation)) as unknown as Operation,
    ]);
    if (error)
      throw unprocessable(
        `${operation.op} operation does not apply: doc is missing path: ${operation.path}: missing value`,
      );
  }
  return result;
}

/** The API server's library lets `replace` set a field that is not there yet. */
function lenient(target: unknown, operation: JsonObject): JsonObject {
  if (operation.op !== 'replace' || typeof operation.path !== 'string') {
    return operation;
  }
  const parent = operation.path.slice(0, operation.path.lastIndexOf('/'));
  return isObject(pointer(target, parent)) &&
    pointer(target, operation.path) === undefined
    ? { ...operation, op: 'add' }
    : operation;
}

function pointer(value: unknown, path: string): unknown {
  let current = value;
  for (const part of path.split('/').slice(1)) {
    const key = part.replace(/~1/g, '/').replace(/~0/g, '~');
    if (Array.isArray(current)) current = current[Number(key)];
    else if (isObject(current)) current = current[key];
    else return undefined;
  }
  return current;
}

function unprocessable(why: string): StatusError {
  return new StatusError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${why}`,
  );
}
