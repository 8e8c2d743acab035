import type { Job } from './Job';
import {
  historyEntry,
  lastMaintenance,
  mergedHistory,
} from './maintenanceHistory';

function job(
  condition?: { type: string; message?: string },
  completionTime?: string,
): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', creationTimestamp: '2026-11-23T12:00:00Z' },
    status: {
      ...(completionTime ? { completionTime } : {}),
      conditions: condition
        ? [
            {
              status: 'True',
              lastTransitionTime: '2026-11-23T12:00:09Z',
              ...condition,
            },
          ]
        : [],
    },
  };
}

describe('the history of maintenance', () => {
  it('takes an entry from a Job that has ended', () => {
    expect(historyEntry(job(), undefined)).toBeUndefined();
    expect(
      historyEntry(
        job({ type: 'Complete' }, '2026-11-23T12:00:05Z'),
        '{"outcome":"completed","message":"Quick maintenance"}',
      ),
    ).toEqual({
      result: 'Succeeded',
      startTimestamp: '2026-11-23T12:00:00Z',
      completeTimestamp: '2026-11-23T12:00:05Z',
    });
  });

  it('says why a Job failed: in the words of the mover, of its pod, or of the Job', () => {
    const failed = job({ type: 'Failed', message: 'deadline exceeded' });
    const messageOf = (text?: string) => historyEntry(failed, text)?.message;
    expect(messageOf('{"outcome":"failed","message":"bucket is full"}')).toBe(
      'bucket is full',
    );
    expect(messageOf('ended with exit code 137')).toBe(
      'ended with exit code 137',
    );
    expect(messageOf()).toBe('deadline exceeded');
    expect(historyEntry(failed, 'x'.repeat(9999))?.message).toHaveLength(1024);
  });

  it('keeps each run once and the last 25', () => {
    const entries = Array.from({ length: 30 }, (_, minute) => ({
      result: 'Succeeded' as const,
      startTimestamp: `2026-11-23T12:${String(minute).padStart(2, '0')}:00Z`,
    }));
    const merged = mergedHistory(entries.slice(0, 20), entries.slice(10));
    expect(merged).toEqual(entries.slice(5));
  });

  it('has the last success as the last maintenance', () => {
    expect(
      lastMaintenance('2026-11-23T11:00:00Z', [
        {
          result: 'Succeeded',
          completeTimestamp: '2026-11-23T12:00:00Z',
        },
        { result: 'Failed', completeTimestamp: '2026-11-23T13:00:00Z' },
      ]),
    ).toBe('2026-11-23T12:00:00Z');
    expect(lastMaintenance('2026-11-23T11:00:00Z', [])).toBe(
      '2026-11-23T11:00:00Z',
    );
    expect(lastMaintenance(undefined, [])).toBeUndefined();
  });
});
