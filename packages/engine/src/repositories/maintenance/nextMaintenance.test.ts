import { nextMaintenance } from './nextMaintenance';

const hour = 3600 * 1000;
const now = Date.parse('2026-11-23T12:00:00Z');
const ago = (milliseconds: number) =>
  new Date(now - milliseconds).toISOString();

describe('the next maintenance', () => {
  const base = { now, frequencyMs: hour, history: [], running: false };

  it('is due one period after the last', () => {
    expect(
      nextMaintenance({ ...base, lastMaintenanceTime: ago(hour) }),
    ).toEqual({ action: 'run' });
    expect(
      nextMaintenance({ ...base, lastMaintenanceTime: ago(hour - 1000) }),
    ).toEqual({ action: 'wait', milliseconds: 1000 });
    expect(nextMaintenance(base)).toEqual({ action: 'run' });
  });

  it('waits for one that is running, however late it is', () => {
    expect(
      nextMaintenance({
        ...base,
        lastMaintenanceTime: ago(9 * hour),
        running: true,
      }),
    ).toEqual({ action: 'running' });
  });

  it('comes five minutes after a failure, or sooner where maintenance is more frequent', () => {
    const failed = {
      lastMaintenanceTime: ago(9 * hour),
      history: [
        { result: 'Succeeded' as const, startTimestamp: ago(9 * hour) },
        {
          result: 'Failed' as const,
          startTimestamp: ago(120_000),
          completeTimestamp: ago(60_000),
        },
      ],
    };
    expect(nextMaintenance({ ...base, ...failed })).toEqual({
      action: 'wait',
      milliseconds: 4 * 60_000,
    });
    expect(nextMaintenance({ ...base, ...failed, frequencyMs: 1000 })).toEqual({
      action: 'run',
    });
  });
});
