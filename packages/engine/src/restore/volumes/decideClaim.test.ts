import { type ClaimQuestion, decideClaim } from './decideClaim';

const repository = {
  snapshotID: 'abc',
  repositoryNamespace: 'shop',
  location: 'default',
};

const question = (change: Partial<ClaimQuestion>): ClaimQuestion => ({
  data: { kind: 'none' },
  restoreVolumes: true,
  restoredInPlace: false,
  isFilledThroughPod: () => true,
  servesSnapshots: true,
  ...change,
});

describe('decideClaim', () => {
  const moved = { kind: 'moved', ...repository } as const;
  const files = {
    kind: 'files',
    pod: 'db-0',
    volume: 'data',
    ...repository,
  } as const;
  const snapshot = { kind: 'snapshot', volumeSnapshot: 'vs' } as const;

  it.each([
    ['moved data', { data: moved }, 'download'],
    ['files, with their pod', { data: files }, 'files'],
    [
      'files, without their pod',
      { data: files, isFilledThroughPod: () => false },
      'download',
    ],
    ['a snapshot', { data: snapshot }, 'snapshot'],
    [
      'a snapshot that this cluster cannot use',
      { data: snapshot, servesSnapshots: false },
      'lost',
    ],
    ['nothing', {}, 'empty'],
    ['what was lost', { data: { kind: 'lost', reason: 'x' } }, 'lost'],
    ['what nobody wants', { data: moved, restoreVolumes: false }, 'empty'],
    [
      'what is there already',
      { data: moved, restoredInPlace: true },
      'in-place',
    ],
    ['the tenant’s own', { data: moved, onlyRepository: 'shop' }, 'download'],
    ['somebody else’s', { data: moved, onlyRepository: 'mine' }, 'lost'],
  ] as [string, Partial<ClaimQuestion>, string][])(
    '%s',
    (_, change, method) => {
      expect(decideClaim(question(change)).method).toBe(method);
    },
  );
});
