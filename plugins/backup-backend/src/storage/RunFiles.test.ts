import {
  ApiError,
  ContentsError,
  ObjectNotFoundError,
  StorageError,
} from '@lifeboat/engine';
import type { Cluster } from '../clusters/Cluster';
import { carriedProblem, problemError } from '../problems/problemError';
import { clusterUnreachable } from '../problems/problems';
import { RunFiles } from './RunFiles';

const cluster = { control: { namespace: 'openshift-adp' } } as Cluster;
const files = new RunFiles(async () => {
  throw new Error('not opened here');
});

async function failureOf(error: unknown): Promise<unknown> {
  return files
    .read(cluster, 'default', async () => {
      throw error;
    })
    .catch((reason: unknown) => reason);
}

it.each([
  ['no answer', new StorageError('no answer', 'unreachable')],
  ['a missing object', new ObjectNotFoundError('backups/x')],
  ['a broken object', new Error('backups/x is not JSON')],
])('says that storage cannot be used: %s', async (_title, error) => {
  expect(carriedProblem(await failureOf(error))).toMatchObject({
    code: 'storage-unavailable',
    message: expect.stringContaining(error.message),
  });
});

it('says that what storage holds cannot be used', async () => {
  const failure = await failureOf(
    new ContentsError('truncated', 'the tarball ends in the middle'),
  );
  expect(carriedProblem(failure)).toMatchObject({
    code: 'not-restorable',
    message: expect.stringContaining('the tarball ends in the middle'),
  });
});

it.each([
  ['a refusal', new ApiError('pods is forbidden', { code: 403 })],
  ['a lost cluster', problemError(clusterUnreachable('demo'))],
  ['an abort', Object.assign(new Error('stop'), { name: 'AbortError' })],
])('does not blame storage for %s', async (_title, error) => {
  expect(await failureOf(error)).toBe(error);
});
