import { ApiError, type ClusterClient } from '@lifeboat/engine';
import { carriedProblem } from '../problems/problemError';
import { namedFailure, namedFailures } from './namedFailures';

const type = { group: '', version: 'v1', resource: 'pods', namespaced: true };

async function failureOf(
  error: unknown,
  options?: { keepRefusals: boolean },
): Promise<unknown> {
  const client = namedFailures(
    'demo',
    {
      get: async () => {
        throw error;
      },
    } as unknown as ClusterClient,
    options,
  );
  return client.get(type, { name: 'x' }).catch((reason: unknown) => reason);
}

it.each([
  [
    'no connection',
    new Error('connect ECONNREFUSED 10.0.0.1:6443'),
    'cluster-unreachable',
    /does not answer/,
  ],
  [
    'an overloaded server',
    new ApiError('too many', { code: 429 }),
    'cluster-unreachable',
    /does not answer/,
  ],
  [
    'a refused token',
    new ApiError('Unauthorized', { code: 401 }),
    'cluster-unreachable',
    /token is not accepted/,
  ],
  [
    'missing rights',
    new ApiError('pods is forbidden', { code: 403 }),
    'cluster-unreachable',
    /refuses the portal: pods is forbidden/,
  ],
  [
    'an unknown type',
    new ApiError('not found', { code: 404 }),
    'engine-stopped',
    /does not know the resources/,
  ],
] as const)('names %s', async (_title, error, code, message) => {
  const problem = carriedProblem(await failureOf(error));
  expect(problem?.code).toBe(code);
  expect(problem?.message).toMatch(message);
  expect(problem?.message).not.toContain('10.0.0.1');
});

it.each([
  new ApiError('taken', { code: 409, reason: 'AlreadyExists' }),
  new ApiError('pods "x" not found', { code: 404, details: { name: 'x' } }),
  new ApiError('invalid', { code: 422 }),
  Object.assign(new Error('stop'), { name: 'AbortError' }),
])('leaves %s as it is', async error => {
  expect(await failureOf(error)).toBe(error);
});

it("keeps refusals for the engine's code, which are named when it is done", async () => {
  const refusal = new ApiError('pods is forbidden', { code: 403 });
  expect(await failureOf(refusal, { keepRefusals: true })).toBe(refusal);
  expect(carriedProblem(namedFailure('demo', refusal))?.message).toContain(
    'refuses the portal',
  );
  const lost = await failureOf(new Error('ECONNRESET'), { keepRefusals: true });
  expect(carriedProblem(lost)?.code).toBe('cluster-unreachable');
  const ours = new TypeError('x is not a function');
  expect(namedFailure('demo', ours)).toBe(ours);
});
