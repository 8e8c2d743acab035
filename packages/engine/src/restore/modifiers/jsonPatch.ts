import { isJsonObject, JsonObject } from '../../backup/jsonPath';
import { cloneJson, equalJson } from '../../cluster/json';

/** One operation of RFC 6902. */
export interface PatchOperation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

/** A `test` operation did not hold. */
export class PatchTestFailed extends Error {
  constructor(path: string) {
    super(`testing path ${path}: the value is another one`);
    this.name = 'PatchTestFailed';
  }
}

function tokens(pointer: string): string[] {
  if (pointer === '') {
    return [];
  }
  if (!pointer.startsWith('/')) {
    throw new Error(`path ${pointer} must start with "/"`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map(token => token.replace(/~1/g, '/').replace(/~0/g, '~'));
}

function indexIn(list: unknown[], token: string, pointer: string): number {
  const index = token === '-' ? list.length : Number(token);
  if (!/^(-|\d+)$/.test(token) || index > list.length) {
    throw new Error(`path ${pointer}: there is no element ${token}`);
  }
  return index;
}

function step(container: unknown, token: string, pointer: string): unknown {
  if (Array.isArray(container)) {
    const index = indexIn(container, token, pointer);
    if (index < container.length) {
      return container[index];
    }
  } else if (isJsonObject(container) && Object.hasOwn(container, token)) {
    return container[token];
  }
  throw new Error(`path ${pointer} does not exist`);
}

/** The value at a JSON pointer. @throws Error when it does not exist */
export function valueAtPointer(document: unknown, pointer: string): unknown {
  return tokens(pointer).reduce(
    (container, token) => step(container, token, pointer),
    document,
  );
}

function place(
  document: { root: unknown },
  pointer: string,
  apply: (container: unknown[] | JsonObject, token: string) => void,
  replaceRoot: () => void,
): void {
  const path = tokens(pointer);
  const token = path.pop();
  if (token === undefined) {
    replaceRoot();
    return;
  }
  const container = path.reduce(
    (current, part) => step(current, part, pointer),
    document.root,
  );
  if (!Array.isArray(container) && !isJsonObject(container)) {
    throw new Error(`path ${pointer} does not exist`);
  }
  apply(container, token);
}

function add(document: { root: unknown }, pointer: string, value: unknown) {
  place(
    document,
    pointer,
    (container, token) => {
      if (Array.isArray(container)) {
        container.splice(indexIn(container, token, pointer), 0, value);
      } else {
        container[token] = value;
      }
    },
    () => {
      document.root = value;
    },
  );
}

function remove(document: { root: unknown }, pointer: string): unknown {
  const value = valueAtPointer(document.root, pointer);
  place(
    document,
    pointer,
    (container, token) => {
      if (Array.isArray(container)) {
        container.splice(indexIn(container, token, pointer), 1);
      } else {
        delete container[token];
      }
    },
    () => {
      throw new Error('the whole object cannot be removed');
    },
  );
  return value;
}

/**
 * Applies a JSON Patch to a copy of a document. Numbers that JavaScript would round stay as they are.
 *
 * @throws PatchTestFailed when a `test` does not hold; Error when an operation cannot be applied
 */
export function applyJsonPatch<T>(document: T, patch: PatchOperation[]): T {
  const holder: { root: unknown } = { root: cloneJson(document) };
  for (const operation of patch) {
    const { op, path, from = '', value } = operation;
    switch (op) {
      case 'add':
        add(holder, path, cloneJson(value));
        break;
      case 'remove':
        remove(holder, path);
        break;
      case 'replace':
        valueAtPointer(holder.root, path);
        if (path === '') {
          holder.root = cloneJson(value);
        } else {
          replaceMember(holder, path, cloneJson(value));
        }
        break;
      case 'move':
        add(holder, path, remove(holder, from));
        break;
      case 'copy':
        add(holder, path, cloneJson(valueAtPointer(holder.root, from)));
        break;
      case 'test':
        if (!testHolds(holder.root, path, value)) {
          throw new PatchTestFailed(path);
        }
        break;
      default:
        throw new Error(`unknown operation "${op}"`);
    }
  }
  return holder.root as T;
}

function replaceMember(
  document: { root: unknown },
  pointer: string,
  value: unknown,
): void {
  place(
    document,
    pointer,
    (container, token) => {
      if (Array.isArray(container)) {
        container[indexIn(container, token, pointer)] = value;
      } else {
        container[token] = value;
      }
    },
    () => {},
  );
}

function testHolds(root: unknown, path: string, value: unknown): boolean {
  try {
    return equalJson(valueAtPointer(root, path), value);
  } catch {
    return value === null;
  }
}
