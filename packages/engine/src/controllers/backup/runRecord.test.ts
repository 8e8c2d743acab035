import { isRunRecord, recordedBackup, recordedFrozen } from './runRecord';

const metadata = {
  name: 'lifeboat-backup-u1',
  labels: { 'lifeboat.dev/run': 'backup' },
};

function record(data: { [key: string]: string }) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

describe('run record', () => {
  it('tells which backup it is about', () => {
    const found = record({
      backup: JSON.stringify({
        metadata: { name: 'nightly', uid: 'u1' },
        spec: { storageLocation: 'default' },
      }),
    });
    expect(isRunRecord(found)).toBe(true);
    expect(recordedBackup(found)).toMatchObject({
      kind: 'Backup',
      metadata: { name: 'nightly', uid: 'u1' },
      spec: { storageLocation: 'default' },
    });
    expect(recordedFrozen(found)).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['no backup', 'null'],
    [
      'the UID of another record',
      JSON.stringify({ metadata: { name: 'nightly', uid: 'u2' }, spec: {} }),
    ],
  ])('is about none when it holds %s', (_, backup) => {
    expect(recordedBackup(record({ backup }))).toBeUndefined();
  });

  it('is not just any ConfigMap', () => {
    expect(isRunRecord({ ...record({}), metadata: { name: 'x' } })).toBe(false);
  });
});
