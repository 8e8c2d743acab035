import type { Backup, Schedule } from '@lifeboat/velero-api';
import { withLastMade } from './ScheduleController';

function schedule(lastBackup?: string): Schedule {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata: { name: 'nightly', namespace: 'openshift-adp' },
    spec: { schedule: '0 2 * * *', template: {} },
    status: { phase: 'Enabled', ...(lastBackup && { lastBackup }) },
  };
}

function backup(
  name: string,
  creationTimestamp: string,
  startTimestamp?: string,
): Backup {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name, creationTimestamp },
    spec: {},
    ...(startTimestamp && { status: { phase: 'Completed', startTimestamp } }),
  };
}

const lastOf = (...args: Parameters<typeof withLastMade>) =>
  withLastMade(...args).status?.lastBackup;

describe('the Backup that a Schedule made last', () => {
  it('counts although an engine died before it was written down', () => {
    const made = [
      backup(
        'nightly-20261123020005',
        '2026-11-23T02:00:05Z',
        '2026-11-23T02:00:06Z',
      ),
    ];
    expect(lastOf(schedule('2026-11-22T02:00:03Z'), made)).toBe(
      '2026-11-23T02:00:05Z',
    );
    expect(
      lastOf(schedule(), [
        backup('nightly-20261123020005', '2026-11-23T02:00:05Z'),
      ]),
    ).toBe('2026-11-23T02:00:05Z');
  });

  it('is not another cluster’s that was brought in from storage, nor one of another name', () => {
    const before = schedule('2026-11-22T02:00:03Z');
    expect(
      withLastMade(before, [
        backup(
          'nightly-20261123020000',
          '2026-11-23T02:05:00Z',
          '2026-11-23T02:00:00Z',
        ),
        backup('nightly-by-hand', '2026-11-23T03:00:00Z'),
        backup('other-20261123020000', '2026-11-23T02:00:00Z'),
        backup('nightly-20261199999999', '2026-11-23T02:00:00Z'),
      ]),
    ).toBe(before);
  });

  it('stays what is written when that is newer', () => {
    const newer = schedule('2026-11-23T02:00:09Z');
    expect(
      withLastMade(newer, [
        backup('nightly-20261123020005', '2026-11-23T02:00:05Z'),
      ]),
    ).toBe(newer);
  });
});
