import type { Backup, BackupStorageLocation } from '@lifeboat/velero-api';
import { decideSync, importedBackup } from './decideSync';
import { storedInAnnotation } from './storageLocations';
import { placeFingerprint, superfluousDefaults } from './storageLocations';

const here = 'fingerprint';

function backup(
  name: string,
  changes: {
    phase?: string;
    storedIn?: string;
    location?: string;
    deleted?: boolean;
  } = {},
): Backup {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: {
      name,
      uid: `uid-${name}`,
      labels: { 'velero.io/storage-location': changes.location ?? 'default' },
      annotations: changes.storedIn
        ? { [storedInAnnotation]: changes.storedIn }
        : {},
      ...(changes.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {},
    status: { phase: (changes.phase ?? 'Completed') as 'Completed' },
  };
}

function decide(
  listed: string[],
  backups: Backup[],
  missingBefore: string[] = backups.map(each => each.metadata.uid ?? ''),
) {
  const decision = decideSync({
    listed,
    backups,
    location: 'default',
    fingerprint: here,
    missingBefore: new Set(missingBefore),
  });
  const names = (found: Backup[]) => found.map(each => each.metadata.name);
  return {
    unknown: decision.unknown,
    unmarked: names(decision.unmarked),
    orphans: names(decision.orphans),
    missing: [...decision.missing],
  };
}

describe('decideSync', () => {
  it('finds what is new in storage, and marks what it sees there', () => {
    expect(
      decide(['a', 'b', 'c'], [backup('a'), backup('b', { storedIn: here })]),
    ).toEqual({ unknown: ['c'], unmarked: ['a'], orphans: [], missing: [] });
  });

  it('gives up a Backup only when it was missing twice', () => {
    const backups = [
      backup('a', { storedIn: here }),
      backup('b', { storedIn: here }),
    ];
    expect(decide(['a'], backups, [])).toMatchObject({
      orphans: [],
      missing: ['uid-b'],
    });
    expect(decide(['a'], backups, ['uid-b'])).toMatchObject({ orphans: ['b'] });
  });

  it('gives up nothing when the bucket looks empty', () => {
    expect(decide([], [backup('a', { storedIn: here })])).toMatchObject({
      orphans: [],
      missing: [],
    });
  });

  it.each([
    ['was never seen in this place', backup('a')],
    ['was seen in another place', backup('a', { storedIn: 'another' })],
    [
      'belongs to another location',
      backup('a', { storedIn: here, location: 'other' }),
    ],
    ['is still running', backup('a', { storedIn: here, phase: 'InProgress' })],
    ['has failed', backup('a', { storedIn: here, phase: 'Failed' })],
    ['is being deleted', backup('a', { storedIn: here, phase: 'Deleting' })],
    ['has a deletion time', backup('a', { storedIn: here, deleted: true })],
  ])('keeps a Backup that %s', (_why, kept) => {
    expect(decide(['b'], [kept, backup('b')])).toMatchObject({ orphans: [] });
  });
});

describe('importedBackup', () => {
  const location = {
    metadata: { name: 'second' },
    spec: { provider: 'aws', objectStorage: { bucket: 'b' } },
  } as BackupStorageLocation;

  it('belongs to this cluster and location', () => {
    const stored: Backup = {
      ...backup('a'),
      metadata: {
        ...backup('a').metadata,
        namespace: 'velero',
        resourceVersion: '77',
        labels: { team: 'x', 'velero.io/storage-location': 'first' },
        ownerReferences: [
          {
            apiVersion: 'velero.io/v1',
            kind: 'Schedule',
            name: 's',
            uid: 'known',
          },
          {
            apiVersion: 'velero.io/v1',
            kind: 'Schedule',
            name: 's',
            uid: 'unknown',
          },
        ],
      },
      spec: { storageLocation: 'first', includedNamespaces: ['shop'] },
    };
    expect(
      importedBackup(stored, {
        namespace: 'openshift-adp',
        location,
        fingerprint: here,
        scheduleUids: new Set(['known']),
      }),
    ).toEqual({
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata: {
        name: 'a',
        namespace: 'openshift-adp',
        labels: { team: 'x', 'velero.io/storage-location': 'second' },
        annotations: { [storedInAnnotation]: here },
        ownerReferences: [
          {
            apiVersion: 'velero.io/v1',
            kind: 'Schedule',
            name: 's',
            uid: 'known',
          },
        ],
      },
      spec: { storageLocation: 'second', includedNamespaces: ['shop'] },
      status: { phase: 'Completed' },
    });
  });
});

describe('placeFingerprint', () => {
  const location = (spec: object) =>
    ({
      metadata: { name: 'l' },
      spec: { provider: 'aws', objectStorage: { bucket: 'b' }, ...spec },
    } as BackupStorageLocation);

  it('changes with the place, not with how it is reached', () => {
    const base = placeFingerprint(location({}));
    expect(
      placeFingerprint(
        location({
          provider: 'velero.io/aws',
          default: true,
          credential: { name: 'x', key: 'y' },
        }),
      ),
    ).toBe(base);
    expect(
      placeFingerprint(
        location({ objectStorage: { bucket: 'b', prefix: '' } }),
      ),
    ).toBe(base);
    for (const other of [
      { objectStorage: { bucket: 'c' } },
      { objectStorage: { bucket: 'b', prefix: 'p' } },
      { config: { s3Url: 'https://other' } },
    ]) {
      expect(placeFingerprint(location(other))).not.toBe(base);
    }
  });
});

describe('superfluousDefaults', () => {
  const location = (name: string, isDefault: boolean, created: string) =>
    ({
      metadata: { name, creationTimestamp: created },
      spec: {
        provider: 'aws',
        default: isDefault,
        objectStorage: { bucket: 'b' },
      },
    } as BackupStorageLocation);

  it('keeps the newest', () => {
    expect(
      superfluousDefaults([
        location('old', true, '2026-01-01T00:00:00Z'),
        location('new', true, '2026-02-01T00:00:00Z'),
        location('none', false, '2026-03-01T00:00:00Z'),
      ]).map(each => each.metadata.name),
    ).toEqual(['old']);
    expect(superfluousDefaults([location('one', true, '')])).toEqual([]);
  });
});
