import type { BackupPhase } from '../phases';
import type { Backup } from '../resources/Backup';
import type { Schedule, ScheduleSpec } from '../resources/Schedule';
import {
  backupFromSchedule,
  mostRecentCompletedBackup,
  nextRuns,
  reconcileSchedule,
} from './reconcileSchedule';

const now = new Date('2026-11-23T10:00:30Z');

const schedule = (
  spec: Partial<ScheduleSpec> = {},
  status: Schedule['status'] = undefined,
): Schedule => ({
  apiVersion: 'velero.io/v1',
  kind: 'Schedule',
  metadata: {
    name: 'nightly',
    namespace: 'openshift-adp',
    uid: 'u1',
    creationTimestamp: '2026-11-22T00:00:00Z',
    labels: { plan: 'gold' },
    annotations: { 'lifeboat.dev/scope': '{}' },
  },
  spec: {
    schedule: '0 10 * * *',
    template: { includedNamespaces: ['shop'], ttl: '24h0m0s' },
    ...spec,
  },
  ...(status && { status }),
});

const backupIn = (phase?: BackupPhase): Backup => ({
  apiVersion: 'velero.io/v1',
  kind: 'Backup',
  metadata: {
    name: 'b',
    namespace: 'openshift-adp',
    labels: { 'velero.io/schedule-name': 'nightly' },
  },
  spec: {},
  status: { phase },
});

describe('reconcileSchedule', () => {
  it('makes one Backup when the time has come, whatever was missed', () => {
    const {
      schedule: after,
      backup,
      nextLook,
    } = reconcileSchedule(
      schedule({}, { phase: 'Enabled', lastBackup: '2026-11-01T10:00:01Z' }),
      { now, backups: [] },
    );
    expect(backup?.metadata.name).toBe('nightly-20261123100030');
    expect(after.status?.lastBackup).toBe('2026-11-23T10:00:30Z');
    expect(nextLook).toEqual(new Date('2026-11-24T10:00:00Z'));
  });

  it('waits for the time and says when it comes', () => {
    const enabled = schedule(
      { skipImmediately: false },
      { phase: 'Enabled', lastBackup: '2026-11-23T10:00:10Z' },
    );
    const decision = reconcileSchedule(enabled, { now, backups: [] });
    expect(decision.schedule).toBe(enabled);
    expect(decision.backup).toBeUndefined();
    expect(decision.nextLook).toEqual(new Date('2026-11-24T10:00:00Z'));
  });

  it('counts from its creation when it never ran', () => {
    const { backup } = reconcileSchedule(schedule(), { now, backups: [] });
    expect(backup).toBeDefined();
    const young = schedule();
    young.metadata.creationTimestamp = '2026-11-23T10:00:20Z';
    expect(
      reconcileSchedule(young, { now, backups: [] }).backup,
    ).toBeUndefined();
  });

  it.each([undefined, 'New', 'InProgress'] as const)(
    'waits for a backup of its own in phase %s',
    phase => {
      expect(
        reconcileSchedule(schedule(), { now, backups: [backupIn(phase)] })
          .backup,
      ).toBeUndefined();
    },
  );

  it.each(['Queued', 'Finalizing', 'Completed', 'Failed'] as const)(
    'does not wait for one in phase %s',
    phase => {
      expect(
        reconcileSchedule(schedule(), { now, backups: [backupIn(phase)] })
          .backup,
      ).toBeDefined();
    },
  );

  it('does not wait for backups of others', () => {
    const foreign = backupIn('New');
    foreign.metadata.labels = { 'velero.io/schedule-name': 'hourly' };
    expect(
      reconcileSchedule(schedule(), { now, backups: [foreign] }).backup,
    ).toBeDefined();
  });

  it('does nothing while paused', () => {
    const paused = schedule({ paused: true });
    expect(reconcileSchedule(paused, { now, backups: [] })).toEqual({
      schedule: paused,
    });
  });

  it('skips a run when asked to, once', () => {
    const { schedule: after, backup } = reconcileSchedule(
      schedule({ skipImmediately: true }),
      { now, backups: [] },
    );
    expect(backup).toBeUndefined();
    expect(after.status?.lastSkipped).toBe('2026-11-23T10:00:30Z');
    expect(after.spec.skipImmediately).toBe(false);
  });

  it('follows the server where the Schedule does not say whether to skip', () => {
    const { schedule: after } = reconcileSchedule(schedule(), {
      now,
      backups: [],
      skipImmediately: true,
    });
    expect(after.status?.lastSkipped).toBe('2026-11-23T10:00:30Z');
  });

  it('says what is wrong with its expression, and forgets it once corrected', () => {
    const { schedule: failed } = reconcileSchedule(
      schedule({ schedule: '61 * * * *' }),
      { now, backups: [] },
    );
    expect(failed.status?.phase).toBe('FailedValidation');
    expect(failed.status?.validationErrors?.[0]).toMatch(
      /^invalid schedule: "61" in the field minute/,
    );
    failed.spec.schedule = '0 11 * * *';
    const { schedule: fixed } = reconcileSchedule(failed, { now, backups: [] });
    expect(fixed.status).toEqual({
      phase: 'Enabled',
      lastBackup: '2026-11-23T10:00:30Z',
    });
  });

  it('leaves the Schedule that it was given untouched', () => {
    const given = schedule();
    const copy = structuredClone(given);
    reconcileSchedule(given, { now, backups: [] });
    expect(given).toEqual(copy);
  });
});

describe('backupFromSchedule', () => {
  it('carries labels of the Schedule, its annotations and the template', () => {
    expect(backupFromSchedule(schedule(), now)).toEqual({
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata: {
        name: 'nightly-20261123100030',
        namespace: 'openshift-adp',
        labels: { plan: 'gold', 'velero.io/schedule-name': 'nightly' },
        annotations: { 'lifeboat.dev/scope': '{}' },
      },
      spec: { includedNamespaces: ['shop'], ttl: '24h0m0s' },
    });
  });

  it('prefers labels of the template', () => {
    const { metadata } = backupFromSchedule(
      schedule({ template: { metadata: { labels: { from: 'template' } } } }),
      now,
    );
    expect(metadata.labels).toEqual({
      from: 'template',
      'velero.io/schedule-name': 'nightly',
    });
  });

  it('belongs to the Schedule when asked to', () => {
    const { metadata } = backupFromSchedule(
      schedule({ useOwnerReferencesInBackup: true }),
      now,
    );
    expect(metadata.ownerReferences).toEqual([
      {
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        name: 'nightly',
        uid: 'u1',
        controller: true,
      },
    ]);
  });
});

describe('mostRecentCompletedBackup', () => {
  const at = (
    name: string,
    phase: BackupPhase,
    startTimestamp: string,
  ): Backup => ({
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name },
    spec: {},
    status: { phase, startTimestamp },
  });

  it('is the one that started last, and only a completed one', () => {
    expect(
      mostRecentCompletedBackup([
        at('a', 'Completed', '2026-11-21T00:00:00Z'),
        at('b', 'Completed', '2026-11-22T00:00:00Z'),
        at('c', 'PartiallyFailed', '2026-11-23T00:00:00Z'),
      ])?.metadata.name,
    ).toBe('b');
    expect(mostRecentCompletedBackup([])).toBeUndefined();
  });
});

describe('nextRuns', () => {
  it('lists the coming times', () => {
    expect(
      nextRuns('@daily', now, 3).map(date => date.toISOString().slice(0, 10)),
    ).toEqual(['2026-11-24', '2026-11-25', '2026-11-26']);
  });
});
