import { overlap, planQueue, QueuedBackup } from './BackupQueue';

function backup(
  name: string,
  includedNamespaces: string[] | undefined,
  status: QueuedBackup['status'] = {},
): QueuedBackup {
  return {
    metadata: { name, creationTimestamp: `2026-01-01T00:00:0${name.length}Z` },
    spec: { includedNamespaces },
    status,
  };
}

const names = (backups: QueuedBackup[]) => backups.map(b => b.metadata.name);

describe('overlap', () => {
  it.each([
    [['a'], ['a', 'b'], true],
    [['a'], ['b'], false],
    [['*'], ['b'], true],
    [undefined, ['b'], true],
    [['a*'], ['b'], true],
  ])('%j and %j: %s', (left, right, expected) => {
    expect(overlap(backup('l', left), backup('r', right))).toBe(expected);
  });
});

describe('planQueue', () => {
  it('starts as many as are allowed, by position and then by age', () => {
    const { start, wait } = planQueue(
      [
        backup('young', ['a']),
        backup('old', ['b']),
        backup('queued', ['c'], { phase: 'Queued', queuePosition: 1 }),
      ],
      [],
      2,
    );
    expect(names(start)).toEqual(['queued', 'old']);
    expect(wait).toMatchObject([
      { backup: { metadata: { name: 'young' } }, position: 1 },
    ]);
  });

  it('lets nobody overtake a backup of the same namespace', () => {
    const { start, wait } = planQueue(
      [backup('1', ['a']), backup('22', ['a', 'b']), backup('333', ['b'])],
      [backup('running', ['a'])],
      10,
    );
    expect(names(start)).toEqual([]);
    expect(wait.map(entry => entry.position)).toEqual([1, 2, 3]);
  });

  it('starts what does not overlap although an earlier one waits', () => {
    const { start } = planQueue(
      [backup('1', ['a']), backup('22', ['z'])],
      [backup('running', ['a'])],
      10,
    );
    expect(names(start)).toEqual(['22']);
  });
});
