import { setTimeout as sleep } from 'node:timers/promises';
import { progressAnnotation, readMoverProgress } from '@lifeboat/velero-api';
import {
  ProgressReporter,
  progressPatch,
  type ProgressPatch,
} from './ProgressReporter';
import { SpeedMeter } from './SpeedMeter';

describe('SpeedMeter', () => {
  it('looks at the last seconds only', () => {
    const meter = new SpeedMeter();
    expect(meter.bytesPerSecond).toBe(0);
    meter.note(0, 0);
    expect(meter.bytesPerSecond).toBe(0);
    for (let second = 1; second <= 60; second += 1)
      meter.note(second * 1000, second * 100);
    expect(meter.bytesPerSecond).toBe(100);
    for (let second = 61; second <= 120; second += 1)
      meter.note(second * 1000, 6000);
    expect(meter.bytesPerSecond).toBe(0);
  });
});

describe('progressPatch', () => {
  it('tells the time left once size and speed are known', () => {
    const patch = progressPatch(
      { bytesDone: 250, totalBytes: 1000, filesDone: 2, filesTotal: 8 },
      100,
      Date.UTC(2026, 0, 2),
    );
    expect(patch.status.progress).toEqual({ bytesDone: 250, totalBytes: 1000 });
    expect(readMoverProgress(patch.metadata.annotations)).toEqual({
      bytesPerSecond: 100,
      secondsLeft: 8,
      filesDone: 2,
      filesTotal: 8,
      updatedAt: '2026-01-02T00:00:00.000Z',
    });
    const early = progressPatch({ bytesDone: 0, filesDone: 0 }, 0, 0);
    expect(early.status.progress).toEqual({ bytesDone: 0 });
    expect(
      readMoverProgress(early.metadata.annotations)?.secondsLeft,
    ).toBeUndefined();
  });

  it('never says more than the whole', () => {
    expect(
      progressPatch({ bytesDone: 12, totalBytes: 10, filesDone: 1 }, 5, 0)
        .status.progress,
    ).toEqual({ bytesDone: 12, totalBytes: 12 });
  });

  it.each([undefined, '', '{', 'null', '{"bytesPerSecond":"fast"}'])(
    'does not read %j',
    text => {
      expect(
        readMoverProgress(
          text === undefined ? {} : { [progressAnnotation]: text },
        ),
      ).toBeUndefined();
    },
  );
});

describe('ProgressReporter', () => {
  it('writes one patch at a time, only news, and goes on after failures', async () => {
    const written: ProgressPatch[] = [];
    const errors: unknown[] = [];
    let running = 0;
    let most = 0;
    const reporter = new ProgressReporter({
      intervalMs: 10,
      clock: () => 0,
      onWriteError: error => errors.push(error),
      write: async patch => {
        running += 1;
        most = Math.max(most, running);
        written.push(patch);
        await sleep(35);
        running -= 1;
        if (written.length === 1) throw new Error('The API server is away');
      },
    });
    reporter.update({ bytesDone: 1, totalBytes: 9 });
    await sleep(60);
    reporter.update({ bytesDone: 5 });
    await sleep(60);
    const last = await reporter.finish();
    expect(last.status.progress).toEqual({ bytesDone: 5, totalBytes: 9 });
    expect(most).toBe(1);
    expect(errors).toHaveLength(1);
    expect(written.map(({ status }) => status.progress.bytesDone)).toEqual([
      1, 5,
    ]);
    await sleep(30);
    expect(written).toHaveLength(2);
  });
});
