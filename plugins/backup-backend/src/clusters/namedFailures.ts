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
): ClusterClient {
  const name = (error: unknown): unknown => {
    if (carriedProblem(error) || isAbort(error)) {
      return error;
    }
    if (!(error instanceof ApiError)) {
      return Object.assign(problemError(clusterUnreachable(cluster)), {
        cause: error,
      });
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
    if (error.code >= 500 || error.code === 429) {
      return Object.assign(problemError(clusterUnreachable(cluster)), {
        cause: error,
      });
    }
    return error;
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
    get: (type, ref, options) => call(client.get(type, ref, options)),
    list: (type, options) => iterate(client.list(type, options)),
    create: (type, object, options) =>
      call(client.create(type, object, options)),
    replace: (type, object, options) =>
      call(client.replace(type, object, options)),
    patch: (type, ref, patch, options) =>
      call(client.patch(type, ref, patch, options)),
    delete: (type, ref, options) => call(client.delete(type, ref, options)),
    watch: (type, options) => iterate(client.watch(type, options)),
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
