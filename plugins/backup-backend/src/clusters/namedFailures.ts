import { ApiError, type ClusterClient } from '@lifeboat/engine';
import { carriedProblem, problemError } from '../problems/problemError';
import {
  clusterForbids,
  clusterUnreachable,
  crdsMissing,
} from '../problems/problems';

/**
 * A client whose failures are fit for users: no answer becomes the problem
 * `cluster-unreachable` (which shows no address), a refusal of our own rights
 * says so; what the API server said about an object stays an ApiError.
 */
export function namedFailures(
  cluster: string,
  client: ClusterClient,
  how: {
    /** For the engine's own code, which decides by the API server's answers: these stay ApiErrors. */
    keepRefusals?: boolean;
  } = {},
): ClusterClient {
  const name = (error: unknown): unknown => {
    if (error instanceof ApiError) {
      return how.keepRefusals ? error : namedFailure(cluster, error);
    }
    return isAbort(error) || carriedProblem(error)
      ? error
      : unreachable(cluster, error);
  };

  async function call<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      throw name(error);
    }
  }

  async function* iterate<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items;
    } catch (error) {
      throw name(error);
    }
  }

  return {
    discover: signal => call(client.discover(signal)),
    get: (type, ref, request) => call(client.get(type, ref, request)),
    list: (type, request) => iterate(client.list(type, request)),
    create: (type, object, request) =>
      call(client.create(type, object, request)),
    replace: (type, object, request) =>
      call(client.replace(type, object, request)),
    patch: (type, ref, patch, request) =>
      call(client.patch(type, ref, patch, request)),
    delete: (type, ref, request) => call(client.delete(type, ref, request)),
    watch: (type, request) => iterate(client.watch(type, request)),
  };
}

/**
 * What an API server's refusal is to users. Any other error stays as it is: it
 * may come from elsewhere.
 */
export function namedFailure(cluster: string, error: unknown): unknown {
  if (!(error instanceof ApiError)) {
    return error;
  }
  if (error.code === 401) {
    return problemError(
      clusterForbids(cluster, 'its token is not accepted (401)'),
    );
  }
  if (error.code === 403) {
    return problemError(clusterForbids(cluster, error.message));
  }
  if (error.code === 404 && error.details?.name === undefined) {
    return problemError(crdsMissing(cluster));
  }
  return error.code >= 500 || error.code === 429
    ? unreachable(cluster, error)
    : error;
}

function unreachable(cluster: string, cause: unknown): Error {
  return Object.assign(problemError(clusterUnreachable(cluster)), { cause });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
