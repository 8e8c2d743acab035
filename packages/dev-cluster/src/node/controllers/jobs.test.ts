import { decideJob } from './jobs';
import { Job } from './Workload';

const now = new Date('2026-01-01T00:01:00Z');
const job = (spec: object, status: object = {}): Job =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j' },
    spec: { template: {}, ...spec },
    status,
  } as Job);
const seen = (active: number, succeeded: number, failed: number) => ({
  active,
  succeeded,
  failed,
  now,
});

describe('decideJob', () => {
  it('starts one pod', () => {
    expect(decideJob(job({}), seen(0, 0, 0)).create).toBe(1);
    expect(decideJob(job({}), seen(1, 0, 0)).create).toBe(0);
  });

  it('runs as many at once as parallelism says, not more than are left', () => {
    const spec = { completions: 5, parallelism: 3 };
    expect(decideJob(job(spec), seen(0, 0, 0)).create).toBe(3);
    expect(decideJob(job(spec), seen(0, 4, 0)).create).toBe(1);
  });

  it('is complete when enough pods have succeeded', () => {
    const verdict = decideJob(job({ completions: 1 }), seen(0, 1, 2));
    expect(verdict).toMatchObject({ complete: true, finished: true });
    expect(verdict.conditions.map(each => each.type)).toEqual([
      'SuccessCriteriaMet',
      'Complete',
    ]);
  });

  it('fails beyond the back-off limit', () => {
    const verdict = decideJob(job({ backoffLimit: 1 }), seen(0, 0, 2));
    expect(verdict).toMatchObject({ complete: false, finished: true });
    expect(verdict.conditions.map(each => each.type)).toEqual([
      'FailureTarget',
      'Failed',
    ]);
  });

  it('fails past its deadline', () => {
    const late = job(
      { activeDeadlineSeconds: 30 },
      { startTime: '2026-01-01T00:00:00Z' },
    );
    expect(decideJob(late, seen(1, 0, 0))).toMatchObject({
      finished: true,
      stop: true,
    });
  });

  it('stops its pods while suspended', () => {
    expect(decideJob(job({ suspend: true }), seen(1, 0, 0))).toMatchObject({
      stop: true,
      finished: false,
      create: 0,
    });
  });
});
